from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.testing import observations, together, walk
from passerby.tracking import reidentification
from passerby.tracking.reidentification import ReidentificationSettings, reidentify
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.tracklets import NOBODY

Labels = NDArray[np.int64]

DIMENSIONS = 48
FRAMES = 20  # of each shot
WARDROBE = np.random.default_rng(7).integers(60, 160, (12, DIMENSIONS))

# Who wears which clothes in each shot; one stay each, numbered in this order.
Shots = list[list[int]]


def film(shots: Shots, *, has_cuts: bool = True, is_described: bool = True) -> StabilisedDetections:
    """Persons who stand side by side, one shot after another."""
    clothes = [wearer for shot in shots for _ in range(FRAMES) for wearer in shot]
    noise = np.random.default_rng(1).integers(-8, 9, (len(clothes), DIMENSIONS))
    embeddings = (WARDROBE[np.array(clothes, np.int64)] + noise).astype(np.uint8)
    frames = [
        frame
        for shot in shots
        for frame in together(*(walk(100.0 * place, 0, FRAMES) for place in range(len(shot))))
    ]
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (len(frames), 1, 1))
    if has_cuts:
        motion[FRAMES - 1 :: FRAMES] = 0
    appearance = embeddings if is_described else None
    return stabilise(observations(frames, camera_motion=motion, appearance=appearance))


def shot_tracks(shots: Shots) -> Labels:
    """Labels as stitching gives them: no path through a cut."""
    first = np.cumsum([0, *map(len, shots)])
    rows = [np.tile(first[n] + np.arange(len(shot)), FRAMES) for n, shot in enumerate(shots)]
    return np.concatenate([np.empty(0, np.int64), *rows])


def person_of_each_stay(view: StabilisedDetections, shot_track_of: Labels) -> list[int]:
    """Persons numbered by their first stay."""
    person_of = reidentify(view, shot_track_of)
    _, first = np.unique(shot_track_of, return_index=True)
    labels = person_of[first].tolist()
    number = {label: n for n, label in enumerate(dict.fromkeys(labels))}
    return [number[label] for label in labels]


def test_no_detections() -> None:
    assert reidentify(film([]), shot_tracks([])).tolist() == []


def test_everybody_nobody_in_a_film_with_cuts() -> None:
    view = film([[0, 1], [0, 1]])

    assert set(reidentify(view, np.full(4 * FRAMES, NOBODY)).tolist()) == {NOBODY}


@pytest.mark.parametrize(
    ("shots", "persons"),
    [
        pytest.param([[0, 1, 2], [2, 0, 1]], [0, 1, 2, 2, 0, 1], id="all again, elsewhere"),
        pytest.param([[0, 1, 2], [0, 3, 4]], [0, 1, 2, 0, 3, 4], id="one again among strangers"),
        pytest.param([[0, 1, 2], [3, 4, 5]], [0, 1, 2, 3, 4, 5], id="nobody again"),
        pytest.param([[0, 1], [2, 3, 4], [1, 0]], [0, 1, 2, 3, 4, 1, 0], id="there and back"),
        pytest.param(
            [[0, 1, 2], [0, 3], [3, 0, 2]], [0, 1, 2, 0, 3, 3, 0, 2], id="through three shots"
        ),
    ],
)
def test_who_wears_the_same_after_a_cut_is_the_same(shots: Shots, persons: list[int]) -> None:
    assert person_of_each_stay(film(shots), shot_tracks(shots)) == persons


@pytest.mark.parametrize(
    ("shots", "persons"),
    [
        pytest.param([[0, 1, 2], [0, 0, 3]], [0, 1, 2, 3, 4, 5], id="one before, two after"),
        pytest.param([[0, 0, 1], [0, 2, 1]], [0, 1, 2, 3, 4, 2], id="two before, one after"),
        pytest.param([[0, 0, 1], [0, 0, 2]], [0, 1, 2, 3, 4, 5], id="two before, two after"),
    ],
)
def test_people_dressed_alike_stay_apart(shots: Shots, persons: list[int]) -> None:
    assert person_of_each_stay(film(shots), shot_tracks(shots)) == persons


def test_two_dressed_alike_who_are_never_together_are_no_rivals() -> None:
    # After the cut 0 is seen twice, but not at once: those may be one.
    shots = [[0, 1, 2], [0, 3]]
    view, shot_track_of = film(shots), shot_tracks(shots)
    zeros_stay = np.flatnonzero(shot_track_of == 3)
    shot_track_of[zeros_stay[FRAMES // 2 :]] = 5

    persons = person_of_each_stay(view, shot_track_of)

    assert persons[0] in (persons[3], persons[5])


def test_without_cuts_looks_join_nobody() -> None:
    shots = [[0, 1, 2], [0, 1, 2]]
    view = film(shots, has_cuts=False)

    assert reidentify(view, shot_tracks(shots)).tolist() == shot_tracks(shots).tolist()


def test_without_appearance_a_cut_makes_everybody_new() -> None:
    shots = [[0, 1, 2], [0, 1, 2]]
    view = film(shots, is_described=False)

    assert person_of_each_stay(view, shot_tracks(shots)) == list(range(6))


def test_nobody_stays_nobody() -> None:
    shots = [[0, 1, 2], [0, 1, 2]]
    shot_track_of = shot_tracks(shots)
    shot_track_of[::7] = NOBODY

    persons = reidentify(film(shots), shot_track_of)

    np.testing.assert_array_equal(persons == NOBODY, shot_track_of == NOBODY)


def test_settings_say_what_is_alike() -> None:
    shots = [[0, 1, 2], [0, 3, 4]]

    persons = reidentify(
        film(shots), shot_tracks(shots), ReidentificationSettings(least_similarity=1.0)
    )

    assert len(set(persons.tolist())) == 6


def test_likenesses_some_at_a_time_are_those_of_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shots = [[0, 1, 2], [3, 4], [1, 0], [2, 5]]
    whole = reidentify(film(shots), shot_tracks(shots))

    monkeypatch.setattr(reidentification, "BLOCK", 10)

    np.testing.assert_array_equal(reidentify(film(shots), shot_tracks(shots)), whole)
    assert len(set(whole.tolist())) == 6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=5), min_size=1, max_size=5))
def test_nobody_is_in_two_places_and_no_stay_is_torn(shots: Shots) -> None:
    view, shot_track_of = film(shots), shot_tracks(shots)

    person_of = reidentify(view, shot_track_of)

    for shot_track in range(shot_track_of.max() + 1):
        assert len(set(person_of[shot_track_of == shot_track].tolist())) == 1
    for person in set(person_of.tolist()):
        frames = view.frame_of[person_of == person].tolist()
        assert all(before < after for before, after in pairwise(frames))
