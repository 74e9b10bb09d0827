from collections.abc import Callable, Iterator

import pytest
from benchmarks.clock import StageClock


class HandClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def work(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def clock(hand: HandClock) -> StageClock:
    return StageClock(hand)


def test_what_lies_within_a_stage_is_not_its_own(hand: HandClock, clock: StageClock) -> None:
    with clock.stage("faces"):
        hand.work(1)
        with clock.stage("detector"):
            hand.work(2)
            with clock.stage("loading"):
                hand.work(4)
        with clock.stage("mesh"):
            hand.work(8)
        hand.work(16)
    hand.work(32)

    assert clock.costs == {"faces": 17, "detector": 2, "loading": 4, "mesh": 8}


def test_calls_of_a_stage_add_up_and_answer_as_before(hand: HandClock, clock: StageClock) -> None:
    def doubled(value: int) -> int:
        hand.work(value)
        return 2 * value

    timed: Callable[[int], int] = clock.time_calls("doubling", doubled)

    assert [timed(1), timed(3)] == [2, 6]
    assert clock.costs == {"doubling": 4}


def test_what_fails_has_cost_as_well(hand: HandClock, clock: StageClock) -> None:
    def fail() -> None:
        hand.work(1)
        raise ZeroDivisionError

    failing = clock.time_calls("outer", clock.time_calls("inner", fail))

    with pytest.raises(ZeroDivisionError):
        failing()
    with clock.stage("outer"):
        hand.work(2)
    assert clock.costs == {"inner": 1, "outer": 2}


def test_only_the_making_of_items_counts(hand: HandClock, clock: StageClock) -> None:
    def slowly() -> Iterator[int]:
        for item in (1, 2, 3):
            hand.work(1)
            yield item
        hand.work(10)

    taken = []
    for item in clock.time_steps("decode", slowly()):
        hand.work(100)
        taken.append(item)

    assert taken == [1, 2, 3]
    assert clock.costs == {"decode": 13}
