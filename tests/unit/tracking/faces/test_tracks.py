import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.records import Observations
from passerby.testing import Seen, observations, together, walk
from passerby.tracking.borders import at_border
from passerby.tracking.faces.tracks import face_tracks, faces_in_view
from passerby.tracking.stabilisation import stabilise

RATE = 5.0


def tracks(observed: Observations) -> list[int]:
    view = faces_in_view(stabilise(observed), observed.first_face, observed.faces)
    labels: list[int] = face_tracks(view, at_border(observed.faces.xyxy, 640, 480)).tolist()
    return labels


def seen(faces: list[list[Seen]], camera_motion: NDArray[np.float32] | None = None) -> Observations:
    nobody: list[list[Seen]] = [[]] * len(faces)
    return observations(nobody, rate=RATE, faces=faces, camera_motion=camera_motion)


@pytest.mark.parametrize(
    "faces",
    [pytest.param([], id="no frames"), pytest.param([[], []], id="frames without faces")],
)
def test_no_faces(faces: list[list[Seen]]) -> None:
    assert tracks(seen(faces)) == []


def test_a_face_that_walks_is_one() -> None:
    # A walk of 1.4 m/s, as a face of 0.2 m goes by at five looks a second.
    assert tracks(seen(together(walk(100, 30, 15, height=20)))) == [0] * 15


def test_two_faces_that_cross_are_two() -> None:
    one, other = walk(100, 20, 20, height=20), walk(500, -20, 20, y=110, height=20)

    found = tracks(seen(together(one, other)))

    assert sorted(found[:2]) == [0, 1]
    assert found == found[:2] * 20


def test_a_face_far_off_and_one_close_up_at_the_same_place_are_two() -> None:
    near, far = walk(300, 0, 10, height=60), walk(300, 0, 10, height=20)
    path: list[Seen | None] = [*near, *[None] * 10]
    assert len(set(tracks(seen(together(path, [*[None] * 10, *far]))))) == 2


@pytest.mark.parametrize(
    ("unseen", "persons"),
    [
        pytest.param(3, 1, id="less than a second"),
        pytest.param(9, 1, id="two seconds"),
        pytest.param(150, 2, id="half a minute"),
    ],
)
def test_gaps(unseen: int, persons: int) -> None:
    there = walk(300, 0, 10, height=20)
    found = tracks(seen(together([*there, *[None] * unseen, *there])))

    assert len(set(found)) == persons


def test_frames_in_which_nobody_looked_for_faces_change_nothing() -> None:
    faces = together(walk(100, 4, 30, height=20), walk(500, -4, 30, y=300, height=20))
    thinned = [face if frame % 3 == 0 else [] for frame, face in enumerate(faces)]
    only = observations([[]] * 10, rate=RATE, faces=faces[::3])

    every = observations([[]] * 30, rate=3 * RATE, faces=thinned)

    assert tracks(every) == tracks(only) == [0, 1] * 10


def test_scattered_faces_are_a_track_each() -> None:
    found = tracks(seen([[(60, 60, 20)], [(500, 60, 20), (60, 400, 20)], [(300, 240, 20)]]))

    assert sorted(found) == [0, 1, 2, 3]


def test_a_cut_ends_a_track() -> None:
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (10, 1, 1))
    motion[4] = 0

    found = tracks(seen(together(walk(300, 0, 10, height=20)), camera_motion=motion))

    assert found == [found[0]] * 5 + [found[5]] * 5
    assert found[0] != found[5]


def test_a_face_is_followed_under_a_panning_camera() -> None:
    motion = np.tile(np.array([[1, 0, -80], [0, 1, 0]], np.float32), (10, 1, 1))
    faces = together(walk(2000, -80, 10, height=20))

    assert tracks(seen(faces, camera_motion=motion)) == [0] * 10
