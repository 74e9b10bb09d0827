from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.testing import Seen, observations, together
from passerby.tracking.stabilisation import judge, stabilise, to_frame

STILL = [[1, 0, 0], [0, 1, 0]]
CUT = [[0, 0, 0], [0, 0, 0]]
PAN = [[1, 0, -30], [0, 1, 4]]
ZOOM = [[2, 0, -100], [0, 2, -50]]
QUARTER_TURN = [[0, -1, 300], [1, 0, 0]]

START: Seen = (100, 50, 40)


def motions(*steps: list[list[int]]) -> NDArray[np.float32]:
    """Motions from each frame to the next; behind the last frame there is none."""
    return np.array([*steps, STILL], np.float32)


@pytest.mark.parametrize(
    ("steps", "seen_last"),
    [
        pytest.param([STILL], (100, 50, 40), id="at rest"),
        pytest.param([PAN], (70, 54, 40), id="pan"),
        pytest.param([ZOOM], (100, 50, 80), id="zoom on the person"),
        pytest.param([QUARTER_TURN], (250, 100, 40), id="quarter turn"),
        pytest.param([PAN, PAN], (40, 58, 40), id="two pans"),
        pytest.param([PAN, STILL, ZOOM], (40, 58, 80), id="pan, rest, zoom"),
        pytest.param([ZOOM, PAN], (70, 54, 80), id="zoom, pan"),
    ],
)
def test_somebody_who_stands_stays_in_place(steps: list[list[list[int]]], seen_last: Seen) -> None:
    frames: list[list[Seen]] = [[START], *[[]] * (len(steps) - 1), [seen_last]]

    view = stabilise(observations(frames, camera_motion=motions(*steps)))

    expected = [100, 50, 16, 40]
    np.testing.assert_allclose(view.cxcywh, [expected, expected], atol=1e-9)


@pytest.mark.parametrize("step", [STILL, PAN, ZOOM, QUARTER_TURN, CUT])
def test_there_and_back(step: list[list[int]]) -> None:
    frames: list[list[Seen]] = [[START], [START, (7, 300, 90)], [(20, 20, 31)]]
    seen = observations(frames, camera_motion=motions(step, step))
    view = stabilise(seen)

    back = to_frame(view, view.frame_of, view.cxcywh)

    np.testing.assert_allclose(back, seen.xyxy, atol=1e-4)


def test_a_cut_begins_a_shot_whose_first_frame_is_at_rest() -> None:
    frames = together([START] * 5)

    view = stabilise(observations(frames, camera_motion=motions(PAN, CUT, PAN, CUT)))

    assert view.shot.tolist() == [0, 0, 1, 1, 2]
    assert view.cxcywh[:, 0].tolist() == [100, 130, 100, 130, 100]


def test_detections_know_their_frame_and_time() -> None:
    view = stabilise(
        observations([[], [START, START], [], [START]], timestamps_ms=[0, 40, 90, 1500])
    )

    assert view.frame_of.tolist() == [1, 1, 3]
    assert view.seconds.tolist() == [0, 0.04, 0.09, 1.5]


def test_no_frames() -> None:
    view = stabilise(observations([]))

    assert view.cxcywh.shape == (0, 4)
    assert to_frame(view, view.frame_of, view.cxcywh).shape == (0, 4)


def test_run_backwards_it_is_the_video_run_backwards() -> None:
    frames: list[list[Seen]] = [[START], [], [START, (7, 300, 90)], [(20, 20, 31)]]
    cut_after_first = motions(CUT, STILL, STILL)

    backwards, row = stabilise(
        observations(frames, timestamps_ms=[500, 540, 600, 1000], camera_motion=cut_after_first)
    ).reversed()

    judge = stabilise(observations(frames[::-1], timestamps_ms=[0, 400, 460, 500]))
    assert backwards.seconds == pytest.approx(judge.seconds)
    assert backwards.shot.tolist() == [0, 0, 0, 1]
    assert backwards.first_detection.tolist() == judge.first_detection.tolist()
    assert backwards.frame_of.tolist() == judge.frame_of.tolist()
    assert backwards.cxcywh.tolist() == judge.cxcywh.tolist()
    assert row.tolist() == [3, 1, 2, 0]


def test_run_backwards_everybody_keeps_their_looks() -> None:
    frames: list[list[Seen]] = [[START], [], [START, (7, 300, 90)], [(20, 20, 31)]]
    view = stabilise(observations(frames))
    embeddings = np.array([[10, 11], [20, 21], [30, 31]], np.uint8)
    view = replace(view, described=np.array([0, 2, 3]), appearance=embeddings)

    backwards, row = view.reversed()

    look_of = dict(zip(view.described.tolist(), embeddings.tolist(), strict=True))
    for position, look in zip(backwards.described, backwards.appearance.tolist(), strict=True):
        assert look == look_of[int(row[position])]
    assert sorted(backwards.described.tolist()) == [0, 2, 3]
    again, _ = backwards.reversed()
    assert again.described.tolist() == [0, 2, 3]


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
def test_a_detection_of_the_level_counts_as_one_of_a_half(level: float) -> None:
    confidence = [0.0, 0.1, level, 0.9, 1.0]
    view = stabilise(observations([[(100, 100, 50)] * 5], confidence=[confidence]))

    judged = judge(view, level).confidence

    assert judged[2] == pytest.approx(0.5)
    assert (np.diff(judged) > 0).all()
    assert judged[[0, 4]] == pytest.approx([0, 1], abs=1e-6)
