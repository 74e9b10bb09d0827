import numpy as np
import pytest

from passerby.analytics.occupancy import count_persons, counts_over_time, most_at_once
from passerby.analytics.paths import Floats

from .footsteps import Step, seen, walked


def standing(person: int, start: int, end: int) -> list[Step]:
    """Seen every half second at the least."""
    times = [*range(start, end, 500), end]
    return walked(*((time, 50, 50) for time in times), person=person)


@pytest.mark.parametrize(
    ("steps", "persons", "mean"),
    [
        pytest.param([], [0], [0], id="nobody"),
        pytest.param(standing(0, 0, 999), [1], [0.999], id="one step"),
        pytest.param(standing(0, 0, 1000), [1, 0], [1, 0], id="up to the border"),
        pytest.param(standing(0, 500, 2500), [1, 1, 1], [0.5, 1, 0.5], id="over two borders"),
        pytest.param(
            [*standing(0, 0, 1500), *standing(1, 700, 900)], [2, 1], [1.2, 0.5], id="two persons"
        ),
        pytest.param(
            [*standing(0, 100, 200), *standing(0, 7100, 7300)],
            [1, 0, 0, 0, 0, 0, 0, 1],
            [0.1, 0, 0, 0, 0, 0, 0, 0.2],
            id="away for long",
        ),
        pytest.param(walked((1500, 5, 5)), [0, 1], [0, 0], id="one sighting lasts no time"),
    ],
)
def test_counts_over_time(steps: list[Step], persons: list[int], mean: list[float]) -> None:
    counts = counts_over_time(seen(steps), 1000)

    assert counts.start_ms.tolist() == [1000 * place for place in range(len(persons))]
    assert counts.persons.tolist() == persons
    assert counts.mean.tolist() == pytest.approx(mean)


def test_who_comes_back_within_a_step_counts_once() -> None:
    steps = [*standing(3, 0, 500), *standing(3, 8000, 9000), *standing(3, 14000, 24000)]

    assert counts_over_time(seen(steps), 10_000).persons.tolist() == [1, 1, 1]
    assert counts_over_time(seen(steps), 30_000).persons.tolist() == [1]


def test_the_end_may_be_given() -> None:
    assert counts_over_time(seen(standing(0, 0, 1500)), 1000, 4500).persons.tolist() == [
        1,
        1,
        0,
        0,
        0,
    ]
    assert counts_over_time(seen(standing(0, 0, 1500)), 1000, 1000).persons.tolist() == [1]


@pytest.mark.parametrize("step_ms", [0, -5])
def test_a_step_lasts_some_time(step_ms: int) -> None:
    with pytest.raises(ValueError, match="steps of"):
        counts_over_time(seen([]), step_ms)


def test_no_more_steps_than_anybody_looks_at() -> None:
    with pytest.raises(ValueError, match="not 1 to 100000"):
        counts_over_time(seen([]), 1, 100_001)


def test_counts_agree_with_a_look_at_every_millisecond() -> None:
    random = np.random.default_rng(6)
    person = np.repeat(np.arange(30), 4)
    times = np.sort(random.integers(0, 3000, (30, 8)), axis=1).reshape(-1, 2).astype(np.float64)
    from_ms, to_ms = times.T

    counts = count_persons(person, from_ms, to_ms, 130, 3000)

    moment = np.arange(24 * 130)[:, None]
    there = (moment >= from_ms) & (moment < to_ms)
    steps = there.reshape(24, 130, -1)
    assert counts.mean.tolist() == pytest.approx(steps.sum(axis=(1, 2)) / 130)
    touched = steps.any(axis=1)
    # Who was there for an instant only was there.
    instant = (from_ms == to_ms) & (from_ms // 130 == np.arange(24)[:, None])
    expected = [len(np.unique(person[row])) for row in touched | instant]
    assert counts.persons.tolist() == expected


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(0, 5)], 1, id="one"),
        pytest.param([(0, 5), (5, 9)], 1, id="one after another"),
        pytest.param([(0, 5), (4, 9), (4.5, 4.6)], 3, id="three at once"),
        pytest.param([(0, 9), (1, 2), (3, 4)], 2, id="two and two"),
    ],
)
def test_most_at_once(stays: list[tuple[float, float]], expected: int) -> None:
    times: Floats = np.array(stays, np.float64).reshape(-1, 2)

    assert most_at_once(times[:, 0], times[:, 1]) == expected
