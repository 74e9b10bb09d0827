from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.analytics.hysteresis import Runs, drop_short_runs

Listed = list[tuple[int, int, float, float]]  # presence, state, start, end

HOLD = 5.0


def runs(*listed: tuple[int, int, float, float]) -> Runs:
    presence, state, start, end = np.array(listed, np.float64).reshape(-1, 4).T
    return Runs(presence.astype(np.int64), state.astype(np.int64), start, end)


def as_list(found: Runs) -> Listed:
    return list(zip(*(column.tolist() for column in found), strict=True))


@pytest.mark.parametrize(
    ("given_runs", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(0, 1, 0, 5)], [(0, 1, 0, 5)], id="just long enough"),
        pytest.param([(0, 1, 0, 4.9)], [], id="too short, and nothing else"),
        pytest.param(
            [(0, 0, 0, 9), (0, 1, 9, 13), (0, 0, 13, 20)], [(0, 0, 0, 20)], id="a flicker"
        ),
        pytest.param(
            [(0, 0, 0, 9), (0, 1, 9, 14), (0, 0, 14, 20)],
            [(0, 0, 0, 9), (0, 1, 9, 14), (0, 0, 14, 20)],
            id="just no flicker",
        ),
        pytest.param(
            [(0, 0, 0, 9), (0, 1, 9, 12), (0, 0, 12, 15), (0, 1, 15, 30)],
            [(0, 0, 0, 15), (0, 1, 15, 30)],
            id="a change after flicker is dated to the run that held",
        ),
        pytest.param(
            [(0, 0, 0, 2), (0, 1, 2, 30), (0, 0, 30, 32)], [(0, 1, 0, 32)], id="short ends"
        ),
        pytest.param(
            [(0, 0, 0, 9), (0, 1, 9, 12), (1, 1, 20, 22), (1, 0, 22, 40)],
            [(0, 0, 0, 12), (1, 0, 20, 40)],
            id="presences do not mix",
        ),
        pytest.param(
            [(0, 1, 0, 2), (1, 0, 20, 40)], [(1, 0, 20, 40)], id="nothing is taken from the next"
        ),
        pytest.param(
            [(0, 0, 0, 9), (0, 1, 9, 10), (0, 2, 10, 20)],
            [(0, 0, 0, 10), (0, 2, 10, 20)],
            id="two states further",
        ),
    ],
)
def test_settled(given_runs: Listed, expected: Listed) -> None:
    assert as_list(drop_short_runs(runs(*given_runs), HOLD)) == expected


@pytest.mark.parametrize(
    ("given_runs", "expected"),
    [
        pytest.param(
            [(0, 0, 0, 1), (0, 1, 1, 2)], [(0, 0, 0, 1), (0, 1, 1, 2)], id="all that lasts counts"
        ),
        pytest.param(
            [(0, 0, 0, 1), (0, 1, 1, 1), (0, 0, 1, 2)], [(0, 0, 0, 2)], id="an instant does not"
        ),
    ],
)
def test_without_a_time_to_hold(given_runs: Listed, expected: Listed) -> None:
    assert as_list(drop_short_runs(runs(*given_runs), 0.0)) == expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), max_size=40))
def test_settled_agrees_with_a_walk_through_time(drawn: list[tuple[int, int]]) -> None:
    listed: Listed = []
    clock, state = 0, 0
    for place, (change, length) in enumerate(drawn):
        state = (state + 1 + change) % 4
        listed.append((place // 10, state, float(clock), float(clock + length)))
        clock += length

    assert as_list(drop_short_runs(runs(*listed), HOLD)) == walked_through(listed)


def walked_through(listed: Listed) -> Listed:
    found: Listed = []
    for presence, group in groupby(listed, key=lambda run: run[0]):
        own = list(group)
        held = [run for run in own if run[3] - run[2] >= HOLD]
        if not held:
            continue
        state, first = held[0][1], own[0][2]
        for run in held:
            if run[1] != state:
                found.append((presence, state, first, run[2]))
                state, first = run[1], run[2]
        found.append((presence, state, first, own[-1][3]))
    return found
