from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.exports.keyframes import TOLERANCE_PIXELS, PersonPath, paths
from passerby.records import Sightings

from .conftest import BuildResult

MakeSightings = Callable[..., Sightings]


def path_of(left: list[float] | NDArray[np.float64], frame: list[int] | None = None) -> PersonPath:
    """A box of 20 by 40 pixels that moves sideways, detected all along."""
    edge = np.asarray(left, np.float64)
    number = np.arange(len(edge)) if frame is None else np.array(frame)
    zero = np.zeros_like(edge)
    return PersonPath(
        person_index=0,
        frame_index=number,
        timestamp_ms=40 * number,
        xyxy=np.stack([edge, zero, edge + 20, zero + 40], axis=1),
        detected=np.ones(len(edge), np.bool_),
        gone=np.arange(1, len(edge) + 1) == len(edge),
    )


def kept(path: PersonPath) -> list[int]:
    return np.flatnonzero(path.keyframes(path.frame_index)).tolist()


@pytest.mark.parametrize(
    ("left", "frame", "rows"),
    [
        pytest.param([5], None, [0], id="seen once"),
        pytest.param([5, 9], None, [0, 1], id="both ends"),
        pytest.param([0, 3, 6, 9, 12], None, [0, 4], id="straight on"),
        pytest.param([0, 3, 6, 3, 0], None, [0, 2, 4], id="there and back"),
        pytest.param([0, 3.9, 6, 9, 12], None, [0, 4], id="off by less than a pixel"),
        pytest.param([0, 4.1, 6, 9, 12], None, [0, 1, 4], id="off by more than a pixel"),
        pytest.param([0, 6, 12, 15], [0, 2, 4, 5], [0, 3], id="straight by frames, not by rows"),
    ],
)
def test_keyframes_of_a_path(left: list[float], frame: list[int] | None, rows: list[int]) -> None:
    assert kept(path_of(left, frame)) == rows


def test_every_path_is_drawn_within_the_tolerance() -> None:
    random = np.random.default_rng(1)
    left = np.cumsum(random.normal(0, 1.5, 400))
    path = path_of(left)

    rows = kept(path)

    drawn = np.interp(path.frame_index, path.frame_index[rows], left[rows])
    assert np.abs(drawn - left).max() <= TOLERANCE_PIXELS
    assert 20 < len(rows) < 300


def test_a_gap_has_both_its_ends(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = make_sightings(*((0, 40 * n, 3 * n, True) for n in range(60) if not 20 <= n < 40))

    (path,) = paths(analysis_result(sightings))

    assert path.frame_index[path.gone].tolist() == [19, 59]
    assert path.frame_index[path.keyframes(path.frame_index)].tolist() == [0, 19, 40, 59]


def test_a_change_between_seen_and_filled_in_is_kept(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = make_sightings(*((0, 40 * n, 3 * n, not 4 <= n < 7) for n in range(10)))

    (path,) = paths(analysis_result(sightings))

    assert kept(path) == [0, 4, 7, 9]


@pytest.mark.parametrize(
    ("times", "gone"),
    [
        pytest.param([0, 80, 280], [280], id="three analysed frames at 15 Hz"),
        pytest.param([0, 80, 320], [80, 320], id="longer"),
    ],
)
def test_how_long_somebody_may_be_unseen(
    make_sightings: MakeSightings, analysis_result: BuildResult, times: list[int], gone: list[int]
) -> None:
    (path,) = paths(analysis_result(make_sightings(*((0, time, 0, True) for time in times))))

    assert path.timestamp_ms[path.gone].tolist() == gone


def test_neighbouring_frames_of_a_slow_video_are_joined(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = make_sightings((0, 0, 0, True), (0, 1000, 5, True))
    sightings.frame_index[:] = [0, 1]

    (path,) = paths(analysis_result(sightings, frame_rate=1.0))

    assert path.gone.tolist() == [False, True]


def test_boxes_are_cut_at_the_border_and_left_out_beyond(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = make_sightings(
        (0, 0, -5, True), (0, 40, -50, True), (1, 0, 630, True), (2, 0, 700, True)
    )

    found = {path.person_index: path.xyxy.tolist() for path in paths(analysis_result(sightings))}

    assert found == {0: [[0, 10, 15, 50]], 1: [[630, 10, 640, 50]]}


def test_nobody(make_sightings: MakeSightings, analysis_result: BuildResult) -> None:
    assert list(paths(analysis_result(make_sightings()))) == []


def test_a_person_of_whom_only_the_face_was_seen_has_no_path(
    make_sightings: MakeSightings, add_faces: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = add_faces(make_sightings((0, 0, 5, True), (1, 0, 50, True)), [1], body=False)

    assert [path.person_index for path in paths(analysis_result(sightings))] == [0]
