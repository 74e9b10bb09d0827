from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.tracking.faces.likelihood import Evidence
from passerby.tracking.faces.splitting import CHANGE, best_sequence, split_by_owner

HERE, AWAY = 3.0, -3.0  # what an instant says for somebody, and against


def pieces(
    odds: list[list[float | None]],
    shot_tracks: list[tuple[int, int]],
    track_of: list[int] | None = None,
) -> list[int]:
    """Cut the track of one face a frame; None where a stay is not weighed."""
    weighed = [
        (face, shot_track, row[shot_track])
        for shot_track in range(len(shot_tracks))
        for face, row in enumerate(odds)
        if row[shot_track] is not None
    ]
    face, shot_track, value = zip(*weighed, strict=True) if weighed else ((), (), ())
    found = Evidence(np.array(face, int), np.array(shot_track, int), np.array(value, float))
    first, last = np.array(shot_tracks, int).reshape(-1, 2).T
    labels = np.array([0] * len(odds) if track_of is None else track_of, int)
    piece_of: list[int] = split_by_owner(labels, found, first, last).tolist()
    return piece_of


def test_no_faces() -> None:
    assert pieces([], []) == []


def test_without_evidence_tracks_stay_whole() -> None:
    assert pieces([[], [], []], [], track_of=[1, 0, 1]) == [1, 0, 1]


@pytest.mark.parametrize(
    ("odds", "expected"),
    [
        pytest.param([[HERE, AWAY]] * 10, [0] * 10, id="one person all the time"),
        pytest.param(
            [[HERE, AWAY]] * 5 + [[AWAY, HERE]] * 5, [0] * 5 + [1] * 5, id="one, then the other"
        ),
        pytest.param(
            [[HERE, AWAY]] * 5 + [[AWAY, HERE]] + [[HERE, AWAY]] * 5,
            [0] * 11,
            id="a moment before somebody else",
        ),
        pytest.param(
            [[AWAY, HERE]] + [[HERE, AWAY]] * 5,
            [0] * 6,
            id="before somebody else at the beginning",
        ),
        pytest.param([[AWAY]] * 5 + [[HERE]] * 5, [0] * 5 + [1] * 5, id="nobody, then one"),
        pytest.param([[HERE]] * 5 + [[AWAY]] * 6, [0] * 5 + [1] * 6, id="one, then nobody"),
        pytest.param([[HERE]] * 5 + [[AWAY]] * 2, [0] * 7, id="out of place at the end"),
        pytest.param([[None]] * 5 + [[HERE]] * 5, [0] * 10, id="a face before its body"),
    ],
)
def test_people_who_are_there_together(odds: list[list[float | None]], expected: list[int]) -> None:
    assert pieces(odds, [(0, len(odds))] * len(odds[0])) == expected


def test_one_path_after_another_is_no_change() -> None:
    odds: list[list[float | None]] = [[HERE, None]] * 5 + [[None, None]] * 3 + [[None, HERE]] * 5

    assert pieces(odds, [(0, 4), (8, 12)]) == [0] * 13


@given(
    st.lists(st.lists(st.floats(-3, 3), min_size=3, max_size=3), min_size=1, max_size=6),
    st.lists(st.sampled_from([0.0, 1.0, CHANGE]), min_size=9, max_size=9),
)
def test_the_best_sequence_is_that_of_all(gain: list[list[float]], prices: list[float]) -> None:
    cost = np.array(prices).reshape(3, 3)
    np.fill_diagonal(cost, 0)

    def worth(states: tuple[int, ...]) -> float:
        changes = sum(float(cost[a, b]) for a, b in pairwise(states))
        return sum(row[state] for row, state in zip(gain, states, strict=True)) - changes

    found = tuple(best_sequence(np.array(gain), cost).tolist())

    best = max(worth(states) for states in product(range(3), repeat=len(gain)))
    assert worth(found) == pytest.approx(best)
