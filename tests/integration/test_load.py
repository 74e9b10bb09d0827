"""`make load` in short: many clients while videos are analysed."""

import math

import pytest
from benchmarks.load import GETS, LIMITS, QUEUED, Figures, Thresholds, measure_load
from tests.waiting import PATIENCE_SECONDS

from passerby.settings import Settings

# A machine that others use as well must not fail here; the figures are `make load`'s.
LENIENT = Thresholds(get_p99_ms=math.inf, growth_mib=32)


@pytest.fixture(scope="module")
def figures() -> Figures:
    """The figures of twenty seconds, or of more where the worker takes longer to begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.load.PATIENCE_SECONDS", PATIENCE_SECONDS)
        for seconds in (20, 100, 500):
            figures = measure_load(seconds, clients=50, niceness=Settings().worker_niceness)
            if figures.analysed + figures.jobs["running"] > 0:
                break
    return figures


def test_nothing_fails_and_nothing_grows(figures: Figures) -> None:
    assert figures.warnings(LENIENT) == []


def test_results_are_read(figures: Figures) -> None:
    assert all(figures.answers.codes[name, "OK"] for name in GETS)


def test_meanwhile_the_worker_works_and_the_queue_is_full(figures: Figures) -> None:
    assert figures.analysed + figures.jobs["running"] > 0
    assert figures.jobs["queued"] + figures.jobs["running"] > QUEUED // 2
    assert figures.jobs["failed"] == 0


def test_whoever_asks_for_too_much_is_told_so(figures: Figures) -> None:
    codes = {code for (_, code), count in figures.answers.codes.items() if count}

    assert "LimitExceededException" in codes
    assert codes <= {"OK", *LIMITS}
