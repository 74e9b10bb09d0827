"""`make load` in short: many clients while videos are analysed."""

import pytest
from benchmarks.load import LIMITS, QUEUED, Figures, Thresholds, measured

from passerby.settings import Settings

# A machine that others use as well must not fail here; the figures are `make load`'s.
LENIENT = Thresholds(get_p99_ms=5_000, growth_mib=32)


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measured(seconds=20, clients=50, niceness=Settings().worker_niceness)


def test_nothing_fails_and_nothing_grows(figures: Figures) -> None:
    assert figures.warnings(LENIENT) == []


def test_half_of_the_answers_come_at_once(figures: Figures) -> None:
    assert 0 < figures.milliseconds(["Get status", "Get 1000", "Get 10"], 50) < 250


def test_meanwhile_the_worker_works_and_the_queue_is_full(figures: Figures) -> None:
    assert figures.analysed + figures.jobs["running"] > 0
    assert figures.jobs["queued"] + figures.jobs["running"] > QUEUED // 2
    assert figures.jobs["failed"] == 0


def test_whoever_asks_for_too_much_is_told_so(figures: Figures) -> None:
    codes = {code for (_, code), count in figures.answers.codes.items() if count}

    assert "LimitExceededException" in codes
    assert codes <= {"OK", *LIMITS}
