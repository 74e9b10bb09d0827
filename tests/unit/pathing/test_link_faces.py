import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.pathing.link import link
from passerby.records import NO_FACE, Sightings
from passerby.testing import Seen, faces_of, observations, together, walk

WIDTH, HEIGHT = 640, 360


def with_face(found: Sightings) -> list[tuple[int, int, int]]:
    """Frame, person and face (its position among those given) wherever one is known."""
    rows = np.flatnonzero(found.face != NO_FACE)
    given = found.faces.quality[found.face[rows], 0].astype(int)
    columns = found.frame_index[rows].tolist(), found.person_index[rows].tolist(), given.tolist()
    return list(zip(*columns, strict=True))


def test_faces_of_two_who_cross_stay_theirs() -> None:
    one, other = walk(100, 10, 60, height=160), walk(690, -10, 60, height=150)
    seen = observations(together(one, other), faces=faces_of(one, other))

    found = link(seen, 1000, HEIGHT)

    pairs = with_face(found)
    assert pairs == [
        (frame, person, frame + person) for frame in range(0, 60, 2) for person in (0, 1)
    ]
    inside = found.take(found.face != NO_FACE)
    middle, faces = inside.xyxy[:, [0, 2]].mean(axis=1), inside.faces.take(inside.face)
    assert faces.xyxy[:, [0, 2]].mean(axis=1) == pytest.approx(middle, abs=5)


def test_a_face_that_stays_holds_a_person_whose_body_is_lost() -> None:
    path = walk(300, 1, 160)
    bodies: list[Seen | None] = [*path[:30], *[None] * 100, *path[130:]]
    seen = observations(together(bodies), faces=faces_of(path))

    found = link(seen, WIDTH, HEIGHT)

    assert set(found.person_index.tolist()) == {0}
    assert found.frame_index[found.has_body].tolist() == [*range(30), *range(130, 160)]
    assert found.frame_index[~found.has_body].tolist() == list(range(30, 130, 2))
    assert found.confidence[~found.has_body] == pytest.approx(0.9)
    assert found.detected.all()
    assert len(with_face(found)) == 80


def test_without_the_face_that_would_be_two() -> None:
    path = walk(300, 1, 160)
    bodies: list[Seen | None] = [*path[:30], *[None] * 100, *path[130:]]

    assert set(link(observations(together(bodies)), WIDTH, HEIGHT).person_index) == {0, 1}


def test_a_body_that_stays_holds_a_person_whose_face_is_lost() -> None:
    path = walk(300, 1, 160)
    faces: list[Seen | None] = [*path[:30], *[None] * 100, *path[130:]]
    seen = observations(together(path), faces=faces_of(faces))

    found = link(seen, WIDTH, HEIGHT)

    assert found.person_index.tolist() == [0] * 160
    assert np.flatnonzero(found.face != NO_FACE).tolist() == [*range(0, 30, 2), *range(130, 160, 2)]


def test_a_talking_head_is_a_person() -> None:
    seen = observations([[]] * 40, faces=[[(320, 180, 200)], []] * 20)

    found = link(seen, WIDTH, HEIGHT)

    assert found.frame_index.tolist() == list(range(0, 40, 2))
    assert set(found.person_index.tolist()) == {0}
    assert not found.has_body.any()


@pytest.mark.parametrize(
    "faces",
    [
        pytest.param([[(320, 180, 40)], [], [(320, 180, 40)]], id="twice only"),
        pytest.param([[(60, 180, 40)], [], [(320, 180, 40)], [], [(500, 80, 20)]], id="scattered"),
    ],
)
def test_stray_faces_are_nobody(faces: list[list[Seen]]) -> None:
    assert len(link(observations([[]] * len(faces), faces=faces), WIDTH, HEIGHT)) == 0


def test_a_face_between_two_bodies_is_neithers() -> None:
    left, right = walk(270, 0, 40, height=200), walk(370, 0, 40, height=200)
    between = walk(320, 0, 40, height=200)
    seen = observations(together(left, right), faces=faces_of(between))

    found = link(seen, WIDTH, HEIGHT)

    assert {person for _, person, _ in with_face(found)} == {2}
    assert not found.has_body[found.person_index == 2].any()


@pytest.mark.parametrize("also_tall", [False, True], ids=["one face", "both faces"])
def test_a_face_before_somebodys_chest_is_that_of_the_short_one(*, also_tall: bool) -> None:
    tall, short = walk(300, 0, 40, y=170, height=300), walk(305, 0, 40, y=220, height=200)
    seen = observations(
        together(tall, short), faces=faces_of(short, *([tall] if also_tall else []))
    )

    found = link(seen, WIDTH, HEIGHT)

    person_of_short = int(found.person_index[np.argmin(found.xyxy[:2, 3] - found.xyxy[:2, 1])])
    expected = [(frame, person_of_short) for frame in range(0, 40, 2)]
    if also_tall:
        expected = [(frame, person) for frame in range(0, 40, 2) for person in (0, 1)]
    assert [(frame, person) for frame, person, _ in with_face(found)] == expected
    of_short = {face for _, person, face in with_face(found) if person == person_of_short}
    assert of_short == set(range(0, 40, 2) if also_tall else range(20))


def test_a_body_too_weak_to_count_is_somebody_by_the_face() -> None:
    path = walk(300, 1, 40)
    weak = [[0.46]] * 40
    bodies = together(path)

    assert len(link(observations(bodies, confidence=weak), WIDTH, HEIGHT)) == 0
    found = link(observations(bodies, confidence=weak, faces=faces_of(path)), WIDTH, HEIGHT)
    assert found.person_index.tolist() == [0] * 40


def test_a_box_outside_the_frame_leaves_the_face() -> None:
    body, face = (-21.0, 150.0, 100.0), (-13.0, 133.0, 30.0)
    seen = observations([[body]] * 20, faces=[[face], []] * 10)

    found = link(seen, WIDTH, HEIGHT)

    assert found.frame_index.tolist() == list(range(0, 20, 2))
    assert not found.has_body.any()
    assert found.confidence == pytest.approx(0.9)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-60, WIDTH + 60),  # begins here
            st.integers(-15, 15),  # speed
            st.integers(40, 160),  # height
            st.sets(st.integers(0, 24), max_size=8),  # frames in which the body is hidden
            st.sets(st.integers(0, 24), max_size=20),  # in which the face is
        ),
        max_size=6,
    )
)
def test_faces_are_as_agreed(people: list[tuple[int, int, int, set[int], set[int]]]) -> None:
    bodies: list[list[Seen | None]] = []
    faced: list[list[Seen | None]] = []
    for x, speed, height, hidden, turned in people:
        path = walk(x, speed, 25, height=height)
        bodies.append([None if n in hidden else seen for n, seen in enumerate(path)])
        faced.append([None if n in turned else seen for n, seen in enumerate(path)])
    seen = observations(
        together([None] * 25, *bodies), faces=faces_of([None] * 25, *faced), rate=15
    )

    found = link(seen, WIDTH, HEIGHT)

    rows = list(zip(found.timestamp_ms.tolist(), found.person_index.tolist(), strict=True))
    assert rows == sorted(set(rows))
    pairs = with_face(found)
    frame_of = np.repeat(np.arange(25), np.diff(seen.first_face))
    assert all(frame_of[face] == frame for frame, _, face in pairs)
    assert len({face for _, _, face in pairs}) == len(pairs) == len(found.faces)
    assert (found.has_body | (found.face != NO_FACE)).all()
    in_frame = found.xyxy[found.has_body]
    assert (in_frame[:, 0] < WIDTH).all()
    assert (in_frame[:, 2] > 0).all()
