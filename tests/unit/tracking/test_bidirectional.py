import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.testing import Seen, observations, together, walk
from passerby.tracking.association import associate
from passerby.tracking.bidirectional import associate_bidirectionally, extend
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.tracklets import NOBODY, rows_by_label

RATE = 8  # frames are 1/8 s apart: a time without rounding, forwards and backwards


def view_of(frames: list[list[Seen]]) -> StabilisedDetections:
    return stabilise(observations(frames, rate=RATE))


def tracklets(view: StabilisedDetections) -> NDArray[np.int64]:
    return associate_bidirectionally(view).tracklet_of


def crowd(seed: int) -> list[list[Seen]]:
    """Frames of people who cross each other closely and are often not seen."""
    random = np.random.default_rng(seed)
    paths: list[list[Seen | None]] = []
    for _ in range(8):
        start, speed, height = random.uniform([0, -20, 90], [300, 20, 110])
        path = walk(start, speed, 40, y=random.uniform(95, 105), height=height)
        paths.append([seen if random.random() < 0.7 else None for seen in path])
    return together(*paths)


def together_in(
    view: StabilisedDetections, label_of: list[int]
) -> set[frozenset[tuple[float, ...]]]:
    """Who belongs together, each detection named by its box."""
    boxes = [tuple(box) for box in view.cxcywh.tolist()]
    groups = rows_by_label(np.array(label_of, np.int64))
    return {frozenset(boxes[row] for row in rows) for rows in groups}


@pytest.mark.parametrize("frames", [[], [[], []]], ids=["no frames", "nobody seen"])
def test_no_detections(frames: list[list[Seen]]) -> None:
    assert tracklets(view_of(frames)).tolist() == []


def test_clear_paths_stay_whole() -> None:
    view = view_of(together(walk(100, 5, 12), walk(500, -5, 12, y=300, height=60)))

    assert together_in(view, list(tracklets(view))) == together_in(view, [0, 1] * 12)


def test_what_neither_way_takes_up_is_nobody() -> None:
    frames = together(walk(100, 5, 6), walk(500, 0, 6))
    view = stabilise(observations(frames, rate=RATE, confidence=[[0.9, 0.25]] * 6))

    labels = tracklets(view)

    assert set(labels[1::2].tolist()) == {NOBODY}
    assert NOBODY not in labels[::2]


def test_what_only_one_way_takes_up_is_nobody() -> None:
    # Forwards the weak detection continues a track; backwards it would have to open one.
    confidence = [[0.9]] * 5 + [[0.3]]
    view = stabilise(observations(together(walk(100, 5, 6)), rate=RATE, confidence=confidence))
    assert NOBODY not in associate(view)

    labels = tracklets(view).tolist()

    assert labels == [labels[0]] * 5 + [NOBODY]


@pytest.mark.parametrize("seed", range(5))
def test_time_may_run_either_way(seed: int) -> None:
    frames = crowd(seed)
    forwards, backwards = view_of(frames), view_of(frames[::-1])

    agreed = together_in(forwards, list(tracklets(forwards)))

    assert agreed == together_in(backwards, list(tracklets(backwards)))
    assert agreed != together_in(forwards, list(associate(forwards)))


@pytest.mark.parametrize("seed", range(5))
def test_only_links_of_association_are_made(seed: int) -> None:
    view = view_of(crowd(seed))
    tracklet_of = associate(view)

    for rows in rows_by_label(tracklets(view)):
        assert len(set(tracklet_of[rows].tolist())) == 1


@pytest.mark.parametrize("seed", range(5))
def test_tracklets_are_numbered_from_0_and_none_is_left_out(seed: int) -> None:
    random = np.random.default_rng(seed)
    confidence = [random.uniform(0.1, 0.9, len(frame)).tolist() for frame in crowd(seed)]

    labels = tracklets(stabilise(observations(crowd(seed), rate=RATE, confidence=confidence)))

    assert NOBODY in labels
    assert set(labels.tolist()) == set(range(NOBODY, labels.max() + 1))


@pytest.mark.parametrize(
    ("confidence", "path_of"),
    [
        pytest.param([0.4, 0.4, 0.4, 0.9, 0.4, 0.4], [0] * 6, id="around one sure detection"),
        pytest.param([0.4] * 5 + [0.9], [0] * 6, id="sure at the end only"),
        pytest.param([0.9] + [0.4] * 5, [0] * 6, id="sure at the beginning only"),
        pytest.param([0.4] * 6, [NOBODY] * 6, id="never sure"),
        pytest.param([0.2, 0.4, 0.4, 0.9, 0.4, 0.4], [NOBODY, *[0] * 5], id="too weak outermost"),
        pytest.param([0.4, 0.9, 0.9, 0.9, 0.9, 0.9], [NOBODY, *[0] * 5], id="weak once"),
        pytest.param([0.31, 0.31, 0.9, 0.9, 0.9, 0.9], [NOBODY] * 2 + [0] * 4, id="all but noise"),
    ],
)
def test_a_path_reaches_over_its_weak_ends(confidence: list[float], path_of: list[int]) -> None:
    view = stabilise(
        observations(
            together(walk(100, 5, 6)), rate=RATE, confidence=[[value] for value in confidence]
        )
    )

    found = associate_bidirectionally(view)

    assert extend(view, found.tracklet_of, found).tolist() == path_of


def test_a_weak_end_in_the_middle_of_a_path_is_not_used() -> None:
    # Weak for 3 frames after the first sure ones, then unseen; stitching joins both parts.
    path: list[Seen | None] = [*walk(100, 5, 6), *[None] * 12, *walk(190, 5, 3)]
    confidence = [[0.9]] * 3 + [[0.4]] * 3 + [[]] * 12 + [[0.9]] * 3
    view = stabilise(observations(together(path), rate=RATE, confidence=confidence))
    found = associate_bidirectionally(view)
    whole = np.array([0] * 3 + [NOBODY] * 3 + [0] * 3)

    assert extend(view, whole, found).tolist() == whole.tolist()
