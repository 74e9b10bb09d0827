from collections import Counter

import pytest
from benchmarks.load import Answers, Figures, Thresholds

JOBS = {"queued": 19, "running": 1, "succeeded": 7, "failed": 0, "cancelled": 0}


def figures(
    codes: dict[tuple[str, str], int], seconds: list[float], resident_mib: list[float]
) -> Figures:
    answers = Answers(Counter(codes), {"Get 10": seconds, "Start": [9.0] * 100})
    return Figures(answers, resident_mib, busy=1.0, jobs=JOBS)


@pytest.mark.parametrize(
    ("codes", "slowest", "last_mib", "warnings"),
    [
        pytest.param({}, 0.09, 110, [], id="all is well"),
        pytest.param(
            {("Start", "LimitExceededException"): 5, ("Get 10", "ThrottlingException"): 1},
            0.09,
            110,
            [],
            id="limits are no errors",
        ),
        pytest.param(
            {("Get 10", "InternalServerError"): 2},
            0.09,
            110,
            ["2 times InternalServerError to Get 10"],
            id="errors",
        ),
        pytest.param({}, 0.09, 130, ["the server grew by 30.0 MiB"], id="it grew"),
        pytest.param({}, 0.12, 110, ["the 99th percentile of Get is 120 ms"], id="it was slow"),
    ],
)
def test_complaints(
    codes: dict[tuple[str, str], int], slowest: float, last_mib: float, warnings: list[str]
) -> None:
    found = figures(codes, [0.01] * 90 + [slowest] * 10, [100, 100, 900, 105, last_mib, last_mib])

    assert found.warnings(Thresholds()) == warnings


def test_a_second_that_was_large_is_no_growth() -> None:
    assert figures({}, [], [100, 100, 100, 500, 100, 100, 100]).growth_mib == 0


def test_nothing_asked_nothing_measured() -> None:
    assert figures({}, [], [100]).milliseconds(["Get 10"], 99) == 0
    assert figures({}, [], [100]).analysed == 2
