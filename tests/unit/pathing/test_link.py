import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.pathing.link import link, link_boxes, link_oblong
from passerby.records import Sightings
from passerby.testing import Seen, observations, together, walk

WIDTH, HEIGHT = 640, 360


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([], id="no frames"),
        pytest.param([[], [], []], id="nobody seen"),
        pytest.param([[(100.0, 100.0, 90.0)], [], []], id="somebody seen once"),
    ],
)
def test_nobody_is_found(frames: list[list[Seen]]) -> None:
    assert len(link(observations(frames), WIDTH, HEIGHT)) == 0


@pytest.mark.parametrize(
    ("middle", "reported"),
    [
        pytest.param(0.55, 90, id="sure in the middle"),
        pytest.param(0.49, 0, id="never sure, and mostly weak"),
    ],
)
def test_a_path_begins_and_ends_with_its_traces(middle: float, reported: int) -> None:
    confidence = [[0.45]] * 30 + [[middle]] * 30 + [[0.45]] * 30
    frames: list[list[Seen]] = [[(280.0, 149.0, 168.0)]] * 90

    found = link(observations(frames, rate=15, confidence=confidence), WIDTH, HEIGHT)

    assert found.frame_index.tolist() == list(range(reported))


def test_somebody_seen_weakly_for_seconds_is_found() -> None:
    frames = together(walk(100, 1, 90, height=168))

    found = link(observations(frames, rate=15, confidence=[[0.49]] * 90), WIDTH, HEIGHT)

    assert found.person_index.tolist() == [0] * 90


@pytest.mark.parametrize(
    ("seen", "confidence", "is_found"),
    [
        pytest.param(0.40, 0.5, False, id="weak, as usual"),
        pytest.param(0.40, 0.3, True, id="weak, asked for more"),
        pytest.param(0.70, 0.5, True, id="sure, as usual"),
        pytest.param(0.70, 0.8, False, id="sure, asked for less"),
        pytest.param(1.00, 0.8, True, id="without doubt"),
    ],
)
def test_one_number_says_what_counts_as_a_person(
    seen: float, confidence: float, *, is_found: bool
) -> None:
    frames = together(walk(100, 5, 20, height=120))
    observed = observations(frames, confidence=[[seen]] * 20)

    found = link(observed, WIDTH, HEIGHT, confidence)

    assert found.confidence == pytest.approx([seen] * 20 if is_found else [])


def test_one_number_says_what_counts_as_a_face() -> None:
    faces: list[list[Seen]] = [[(300.0, 100.0, 40.0)]] * 6
    observed = observations([[]] * 6, faces=faces, face_confidence=[[0.5]] * 6)

    assert len(link(observed, WIDTH, HEIGHT)) == 0
    assert link(observed, WIDTH, HEIGHT, 0.35).confidence == pytest.approx([0.5] * 6)


def test_two_who_cross_are_two() -> None:
    frames = together(walk(100, 10, 30, height=120), walk(390, -10, 30, height=80))

    found = link(observations(frames), WIDTH, HEIGHT)

    assert found.person_index.tolist() == [0, 1] * 30
    heights = found.xyxy[:, 3] - found.xyxy[:, 1]
    assert heights == pytest.approx([120, 80] * 30, abs=1)


@pytest.mark.parametrize("unseen", [10, 12, 20])
@pytest.mark.parametrize("turned_back", [True, False], ids=["turned back", "passed each other"])
def test_clothes_tell_what_two_did_while_they_hid_each_other(
    unseen: int, *, turned_back: bool
) -> None:
    # Boxes are the same in both cases: by their paths alone one of the two would be wrong.
    comes_from_left, comes_from_right = walk(180, 4, 30), walk(420, -4, 30)
    gap = [None] * unseen
    frames = together(
        [*comes_from_left, *gap, *comes_from_left[::-1]],
        [*comes_from_right, *gap, *comes_from_right[::-1]],
    )
    random = np.random.default_rng(0)
    clothes = random.integers(80, 150, (2, 48))
    wearer = [0, 1] * 30 + ([0, 1] if turned_back else [1, 0]) * 30
    looks = clothes[wearer] + random.integers(-30, 31, (len(wearer), 48))

    found = link(observations(frames, appearance=looks.astype(np.uint8)), WIDTH, HEIGHT)

    assert set(found.person_index.tolist()) == {0, 1}
    centres = found.xyxy[:, [0, 2]].mean(axis=1)
    first = centres[found.frame_index == 0]
    last = centres[found.frame_index == len(frames) - 1]
    assert first == pytest.approx([180, 420], abs=2)
    assert last == pytest.approx([180, 420] if turned_back else [420, 180], abs=2)


def test_a_panning_camera_and_a_still_one_give_the_same_persons() -> None:
    shift = np.array([-9, 4])
    latecomer: list[Seen | None] = [*[None] * 5, *walk(560, -7, 20, height=70)]
    still = together(walk(300, 8, 25), latecomer)
    panned: list[list[Seen]] = [
        [(x + shift[0] * frame, y + shift[1] * frame, height) for x, y, height in seen]
        for frame, seen in enumerate(still)
    ]
    motion = np.tile(np.column_stack([np.eye(2), shift]).astype(np.float32), (25, 1, 1))

    expected = link(observations(still), WIDTH, HEIGHT)
    found = link(observations(panned, camera_motion=motion), WIDTH, HEIGHT)

    assert set(expected.person_index.tolist()) == {0, 1}
    assert found.person_index.tolist() == expected.person_index.tolist()
    assert found.frame_index.tolist() == expected.frame_index.tolist()
    moved = expected.xyxy + np.tile(shift, 2) * expected.frame_index[:, None]
    np.testing.assert_allclose(found.xyxy, moved, atol=0.01)


def test_clothes_tell_who_is_seen_again_after_a_cut() -> None:
    places = (100.0, 300.0, 500.0)
    frames = together(*(walk(place, 0, 40) for place in places))
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (40, 1, 1))
    motion[19] = 0
    random = np.random.default_rng(0)
    clothes = random.integers(60, 160, (4, 48))
    wearer = [0, 1, 2] * 20 + [2, 3, 0] * 20
    looks = clothes[wearer] + random.integers(-8, 9, (len(wearer), 48))

    seen = observations(frames, camera_motion=motion, appearance=looks.astype(np.uint8))
    found = link(seen, WIDTH, HEIGHT)

    assert as_agreed(found)
    before, after = (found.take(found.frame_index == frame) for frame in (0, 39))
    by_place = [part.person_index[np.argsort(part.xyxy[:, 0])] for part in (before, after)]
    assert by_place[1].tolist() == [by_place[0][2], 3, by_place[0][0]]


def test_without_clothes_everybody_after_a_cut_is_somebody_new() -> None:
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (20, 1, 1))
    motion[9] = 0

    found = link(observations(together(walk(100, 5, 20)), camera_motion=motion), WIDTH, HEIGHT)

    assert found.person_index.tolist() == [0] * 10 + [1] * 10


def test_boxes_outside_the_frame_are_left_out_and_persons_counted_without_them() -> None:
    outside_all_the_time = walk(-100, 1, 20)
    comes_in_late = walk(-63, 10, 20, y=200)
    inside = walk(300, 1, 20, y=300, height=80)

    frames = together(outside_all_the_time, comes_in_late, inside)
    found = link(observations(frames), WIDTH, HEIGHT)

    # Of the one who comes in, the right edge is at -43 + 10 a frame.
    assert found.person_index.tolist() == [0] * 5 + [0, 1] * 15
    assert found.frame_index[found.person_index == 1].tolist() == list(range(5, 20))


def as_agreed(found: Sightings) -> bool:
    """Whether rows and numbers are as the record promises."""
    rows = list(zip(found.timestamp_ms.tolist(), found.person_index.tolist(), strict=True))
    in_order_of_appearance = list(dict.fromkeys(found.person_index.tolist()))
    return rows == sorted(set(rows)) and in_order_of_appearance == list(
        range(len(in_order_of_appearance))
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-60, WIDTH + 60),  # begins here
            st.integers(-15, 15),  # speed
            st.integers(40, 160),  # height
            st.sets(st.integers(0, 24), max_size=8),  # frames in which they are hidden
        ),
        max_size=6,
    )
)
def test_sightings_are_as_agreed(people: list[tuple[int, int, int, set[int]]]) -> None:
    paths: list[list[Seen | None]] = [
        [None if n in unseen else seen for n, seen in enumerate(walk(x, v, 25, height=height))]
        for x, v, height, unseen in people
    ]

    found = link(observations(together([None] * 25, *paths)), WIDTH, HEIGHT)

    assert as_agreed(found)
    assert (found.xyxy[:, 0] < WIDTH).all()
    assert (found.xyxy[:, 2] > 0).all()
    assert found.xyxy.dtype == np.float32


def test_boxes_of_a_shaken_camera_give_the_persons_of_a_still_one() -> None:
    seconds = np.arange(90) / 10
    shake = np.round(60 * np.sin(2 * np.pi * 1.3 * seconds))
    still = together(
        walk(200, 1, 90, y=90), walk(300, -1, 90, y=150, height=120), walk(400, 2, 90, y=210)
    )
    shaken: list[list[Seen]] = [
        [(x + off, y, height) for x, y, height in row]
        for row, off in zip(still, shake.tolist(), strict=True)
    ]

    expected = link(observations(still), WIDTH, HEIGHT)
    found = link_boxes(observations(shaken), WIDTH, HEIGHT)

    assert set(expected.person_index.tolist()) == {0, 1, 2}
    assert found.person_index.tolist() == expected.person_index.tolist()
    moved = expected.xyxy + shake[expected.frame_index, None] * np.array([1, 0, 1, 0])
    np.testing.assert_allclose(found.xyxy, moved, atol=10)


def test_boxes_of_a_camera_at_rest_are_linked_as_those_of_a_film() -> None:
    seen = observations(together(walk(100, 10, 30, height=120), walk(390, -10, 30, height=80)))

    expected, found = link(seen, WIDTH, HEIGHT), link_boxes(seen, WIDTH, HEIGHT)

    assert found.person_index.tolist() == expected.person_index.tolist()
    assert found.xyxy.tolist() == expected.xyxy.tolist()


def test_faces_and_bodies_are_given_back_in_stored_pixels() -> None:
    frames = together(walk(100, 10, 20, height=120), walk(390, -10, 20, height=80))
    seen = observations(frames)
    expected = link(seen, WIDTH, HEIGHT)

    found = link_oblong(seen, (WIDTH // 2, HEIGHT), 2.0).sightings

    assert np.array_equal(found.person_index, expected.person_index)
    assert found.xyxy == pytest.approx(expected.xyxy * np.array([0.5, 1, 0.5, 1], np.float32))
    assert link_oblong(seen, (WIDTH, HEIGHT), 1.0).sightings.xyxy == pytest.approx(expected.xyxy)
