from collections.abc import Sequence

import numpy as np
import pytest

from passerby.records import Observations
from passerby.testing import Seen, observations, together, walk
from passerby.tracking.association import DEFAULT, associate
from passerby.tracking.stabilisation import stabilise
from passerby.tracking.tracklets import NOBODY

SURE = 0.9
WEAK = (DEFAULT.weak + DEFAULT.sure) / 2
TOO_WEAK = DEFAULT.weak / 2


def labels(observed: Observations) -> list[int]:
    return list(associate(stabilise(observed)))


def hidden(path: Sequence[Seen], first: int, count: int) -> list[Seen | None]:
    """The path of somebody not seen in `count` frames from `first` on."""
    return [None if first <= n < first + count else seen for n, seen in enumerate(path)]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param([], [], id="no frames"),
        pytest.param([[], []], [], id="nobody seen"),
        pytest.param([[(100, 100, 100)]], [0], id="seen once"),
        pytest.param(together(walk(100, 5, 4)), [0, 0, 0, 0], id="one walks"),
        pytest.param(
            together(walk(100, 5, 3), walk(500, -5, 3)), [0, 1, 0, 1, 0, 1], id="two far apart"
        ),
        pytest.param([[(100, 100, 100)], [], [], [(900, 100, 100)]], [0, 1], id="two in turn"),
    ],
)
def test_labels(frames: list[list[Seen]], expected: list[int]) -> None:
    assert labels(observations(frames)) == expected


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(walk(400, -10, 31), id="the same height, towards each other"),
        pytest.param(walk(200, 3, 31, height=70), id="a small one is overtaken"),
        pytest.param(walk(250, 0, 31, y=80, height=140), id="a tall one stands"),
    ],
)
def test_two_who_cross_keep_their_labels(other: list[Seen]) -> None:
    frames = together(walk(100, 10, 31), other)
    swapped = [frame[::-1] if number % 3 else frame for number, frame in enumerate(frames)]

    found = labels(observations(swapped))

    walker_first = [number % 3 == 0 for number in range(31)]
    pairs = np.array(found).reshape(-1, 2)
    assert pairs.tolist() == [[0, 1] if first else [1, 0] for first in walker_first]


@pytest.mark.parametrize(
    ("confidence_when_hidden", "label_when_hidden"),
    [
        pytest.param(WEAK, 0, id="weak detections bridge it"),
        pytest.param(TOO_WEAK, NOBODY, id="weaker ones are nobody's"),
    ],
)
def test_a_hidden_moment(confidence_when_hidden: float, label_when_hidden: int) -> None:
    confidence = [[SURE]] * 6 + [[confidence_when_hidden]] * 3 + [[SURE]] * 6

    found = labels(observations(together(walk(100, 8, 15)), confidence=confidence))

    assert found == [0] * 6 + [label_when_hidden] * 3 + [0] * 6


def test_weak_detections_alone_open_nothing() -> None:
    observed = observations(together(walk(100, 8, 10)), confidence=[[WEAK]] * 10)

    assert labels(observed) == [NOBODY] * 10


def test_a_sure_detection_goes_before_a_weak_one_that_lies_better() -> None:
    frames: list[list[Seen]] = [*together(walk(100, 0, 5)), [(108, 100, 100), (100, 100, 100)]]
    confidence = [[SURE]] * 5 + [[SURE, WEAK]]

    assert labels(observations(frames, confidence=confidence)) == [0] * 6 + [NOBODY]


def test_the_height_decides_where_places_are_alike() -> None:
    # The smaller one overlaps more (0.48 of the union against 0.45).
    frames: list[list[Seen]] = [*together(walk(100, 0, 5)), [(118, 100, 100), (100, 100, 69)]]

    assert labels(observations(frames)) == [0] * 6 + [1]


@pytest.mark.parametrize(
    ("gap_seconds", "last_label"),
    [
        pytest.param(0.9 * DEFAULT.longest_gap, 0, id="short"),
        pytest.param(1.2 * DEFAULT.longest_gap, 1, id="too long"),
    ],
)
def test_a_track_unseen_for_too_long_is_closed(gap_seconds: float, last_label: int) -> None:
    # 20 frames a second: they are 50 ms apart.
    path = hidden(walk(100, 0, 60), first=10, count=round(gap_seconds * 20) - 1)

    found = labels(observations(together(path), rate=20))

    assert found[:10] == [0] * 10
    assert set(found[10:]) == {last_label}


def test_speed_is_in_seconds_whatever_the_frame_rate() -> None:
    steps_ms = [40, 40, 200, 33, 67, 300, 40, 15, 250, 100, 40, 40, 280, 40]
    times_ms = np.cumsum([0, *steps_ms]).tolist()
    path = [[(100 + 0.15 * time_ms, 100.0, 100.0)] for time_ms in times_ms]

    assert labels(observations(path, timestamps_ms=times_ms)) == [0] * 15


def test_frames_far_apart_leave_a_track_its_next_frame() -> None:
    interval = 2 * DEFAULT.longest_gap

    assert labels(observations(together(walk(100, 5, 4)), rate=1 / interval)) == [0] * 4


def test_a_cut_closes_all_tracks() -> None:
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (8, 1, 1))
    motion[3] = 0
    frames = together(walk(100, 0, 8), walk(500, 0, 8))

    found = labels(observations(frames, camera_motion=motion))

    assert found == [0, 1] * 4 + [2, 3] * 4


def test_a_panning_camera_moves_nobody() -> None:
    # Everything slides by more than two widths a frame: without the camera's
    # motion no box would overlap the one before.
    motion = np.tile(np.array([[1, 0, 90], [0, 1, 0]], np.float32), (8, 1, 1))

    assert labels(observations(together(walk(0, 90, 8)), camera_motion=motion)) == [0] * 8
    assert len(set(labels(observations(together(walk(0, 90, 8)))))) == 8
