import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.testing import Seen, faces_of, observations, together, walk
from passerby.tracking.faces.assignment import FaceAssignment, pair, relabel
from passerby.tracking.faces.tracks import faces_in_view
from passerby.tracking.stabilisation import stabilise
from passerby.tracking.tracklets import NOBODY, rows_by_label

Path = list[Seen | None]


def paired(
    bodies: list[Path], faces: list[Path], shot_track_of: list[int] | None = None
) -> FaceAssignment:
    """Pair bodies and faces; each path of faces is a track, each of bodies one stay."""
    observed = observations(together(*bodies), faces=faces_of(*faces, every=1), rate=5)
    view = stabilise(observed)
    face_detections = faces_in_view(view, observed.first_face, observed.faces)
    shot_tracks = np.array(labels(bodies) if shot_track_of is None else shot_track_of, np.int64)
    return pair(view, shot_tracks, face_detections, np.array(labels(faces), np.int64))


def labels(paths: list[Path]) -> list[int]:
    """Which path each detection is of, frame by frame."""
    return [n for frame in zip(*paths, strict=True) for n, seen in enumerate(frame) if seen]


def persons(
    assignment: FaceAssignment, bodies: list[Path], faces: list[Path]
) -> tuple[list[int], list[int]]:
    """Label of each path of bodies and of faces, if it has but one."""
    body = {path: int(label) for path, label in zip(labels(bodies), assignment.body, strict=True)}
    face = {path: int(label) for path, label in zip(labels(faces), assignment.face, strict=True)}
    return [body[path] for path in sorted(body)], [face[path] for path in sorted(face)]


def standing(x: float, begin: int = 0, end: int = 20, height: float = 200) -> Path:
    """Path of somebody who stands still from frame `begin` until before `end` of 20."""
    return [(x, 200, height) if begin <= frame < end else None for frame in range(20)]


STRANGER = standing(900)


@pytest.mark.parametrize(
    ("bodies", "faces", "expected"),
    [
        pytest.param([standing(100)], [STRANGER], ([0], [1]), id="somebody else's"),
        pytest.param([standing(100)], [standing(100)], ([0], [0]), id="one's own"),
        pytest.param(
            [standing(100), standing(300)],
            [standing(300), standing(100)],
            ([0, 1], [1, 0]),
            id="two far apart",
        ),
        pytest.param(
            [standing(100), standing(125)],
            [standing(105)],
            ([0, 1], [0]),
            id="close together: the likelier one",
        ),
        pytest.param(
            [standing(100), standing(115)],
            [standing(106), standing(97)],
            ([0, 1], [1, 0]),
            id="the likelier one already has a face that fits no other",
        ),
        pytest.param(
            [standing(100, 0, 5), standing(110, 15)],
            [standing(105)],
            ([0, 0], [0]),
            id="a face joins two bodies",
        ),
        pytest.param(
            [standing(100)],
            [standing(100, 0, 5), standing(105, 15)],
            ([0], [0, 0]),
            id="a body joins two faces",
        ),
        pytest.param(
            [standing(100), standing(102)],
            [standing(101)],
            ([0, 1], [0]),
            id="a face does not join two bodies at a time",
        ),
        pytest.param(
            [standing(100)],
            [standing(101), standing(104)],
            ([0], [0, 1]),
            id="a body does not join two faces at a time",
        ),
    ],
)
def test_pairs(
    bodies: list[Path], faces: list[Path], expected: tuple[list[int], list[int]]
) -> None:
    assert persons(paired(bodies, faces), bodies, faces) == expected


def test_no_chain_joins_two_bodies_that_are_there_together() -> None:
    # Each face joins two paths that follow each other, and the paths at both ends overlap.
    bodies = [standing(100, 0, 10), standing(100, 11, 14), standing(103, 8, 10)]
    faces = [standing(100, 0, 14), standing(103, 8, 10)]
    faces[1][11:14] = [None] * 3

    body, _ = persons(paired(bodies, faces), bodies, faces)

    assert body[0] != body[2]


def test_without_faces_nothing_changes() -> None:
    assignment = paired([standing(100), standing(300)], [[None] * 20])

    assert assignment.body.tolist() == [0, 1] * 20
    assert len(assignment.face) == 0


def test_without_bodies_each_track_is_somebody() -> None:
    assert paired([[None] * 20], [standing(100), standing(300)]).face.tolist() == [0, 1] * 20


def test_nobodys_bodies_stay_nobodys() -> None:
    assignment = paired(
        [standing(100), standing(300)], [standing(300)], shot_track_of=[NOBODY, 0] * 20
    )

    assert assignment.body.tolist() == [NOBODY, 0] * 20
    assert assignment.face.tolist() == [0] * 20


def test_a_mixed_up_face_track_is_given_to_both() -> None:
    left, right = standing(100), standing(300)
    faces = [[*left[:10], *right[10:]], [*right[:10], *left[10:]]]

    assignment = paired([left, right], faces)

    # Frame by frame the face of the first track, then that of the second.
    assert assignment.face.tolist() == [0, 1] * 10 + [1, 0] * 10


def test_faces_follow_bodies_that_are_labelled_anew() -> None:
    assignment = FaceAssignment(body=np.array([0, NOBODY, 1, 2]), face=np.array([1, 3, 2, 4]))

    person_of = np.array([1, NOBODY, 0, 1])

    assert relabel(assignment, person_of).tolist() == [0, 2, 1, 3]


ONE = st.tuples(
    st.integers(0, 400), st.integers(-10, 10), st.integers(0, 18), st.integers(2, 20)
)  # place, speed, first frame, length


@settings(max_examples=60, deadline=None)
@given(st.lists(ONE, min_size=1, max_size=6), st.lists(ONE, min_size=1, max_size=6))
def test_nobody_has_two_bodies_or_two_faces_at_a_time(
    bodies: list[tuple[int, int, int, int]], faces: list[tuple[int, int, int, int]]
) -> None:
    def path(x: int, speed: int, begin: int, length: int) -> Path:
        whole = walk(x, speed, 20, height=200)
        return [seen if begin <= n < begin + length else None for n, seen in enumerate(whole)]

    body_paths, face_paths = [path(*one) for one in bodies], [path(*one) for one in faces]

    assignment = paired(body_paths, face_paths)

    body_frame = np.array([n for n, row in enumerate(together(*body_paths)) for _ in row], int)
    face_frame = np.array([n for n, row in enumerate(together(*face_paths)) for _ in row], int)
    for label_of, frame_of in ((assignment.body, body_frame), (assignment.face, face_frame)):
        assert len(set(zip(label_of.tolist(), frame_of.tolist(), strict=True))) == len(frame_of)
    whole = [
        set(assignment.body[rows].tolist()) for rows in rows_by_label(np.array(labels(body_paths)))
    ]
    assert all(len(persons) == 1 for persons in whole)
