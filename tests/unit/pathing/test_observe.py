import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from passerby.errors import JobCancelled, ModelError, VideoGone
from passerby.pathing.link import link
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import concatenate, load
from passerby.pathing.observe import in_order, load_models, observe, observe_shard
from passerby.pathing.plan import Options, Shard, plan
from passerby.pathing.video_source import FileSource
from passerby.people.appearance import DIMENSIONS
from passerby.records import Observations, Sightings
from passerby.testing import BOX_COLOURS, ColourDetector, moving_boxes, texture, write_clip

EVERY_FRAME = Options(rate=None)

pytestmark = pytest.mark.usefixtures("colour_network")


def shards_of(source: str | Path, options: Options) -> tuple[Shard, ...]:
    return plan(FileSource(str(source), "v1"), options).shards


def unheard(_fraction: float) -> None:
    pass


def observed(source: str | Path, options: Options, threads: int = 1) -> Observations:
    shards = shards_of(source, options)
    return concatenate(
        [observe(shard, load_models(shard, threads), unheard, threads) for shard in shards]
    )


def assert_same(one: Observations | Sightings, other: Observations | Sightings) -> None:
    for field in fields(one):
        if field.name != "faces":
            values = getattr(one, field.name), getattr(other, field.name)
            np.testing.assert_array_equal(*values, err_msg=field.name)
    for values in zip(one.faces.columns(), other.faces.columns(), strict=True):
        np.testing.assert_array_equal(*values)


def test_results_come_in_the_order_of_the_items() -> None:
    second_is_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(5)
        if number == 1:
            second_is_done.set()
        return number * number

    with ThreadPoolExecutor(2) as pool:
        assert list(in_order(pool, work, range(6), ahead=2)) == [0, 1, 4, 9, 16, 25]
        assert list(in_order(pool, work, [], ahead=2)) == []


def test_items_are_taken_only_so_far_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(1) as pool:
        for given, _ in enumerate(in_order(pool, abs, items(), ahead=3)):
            assert len(taken) == min(given + 4, 20)


def test_an_error_cancels_what_waits_behind_it() -> None:
    error_was_seen = threading.Event()
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError(number)
        assert error_was_seen.wait(5)

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="0"):
            list(in_order(pool, work, range(10), ahead=5))
        error_was_seen.set()

    # The only thread may have taken up the next one before the error was seen.
    assert begun in ([0], [0, 1])


def test_boxes_are_found_where_they_are(still_clip: str) -> None:
    found = observed(still_clip, EVERY_FRAME)

    # The box is 20 x 60 pixels, and goes 2 pixels a frame to the right.
    left = 2 * np.arange(50)
    expected = np.stack([left, 0 * left, left + 20, 0 * left + 60], axis=1)
    assert found.first_detection.tolist() == list(range(51))
    np.testing.assert_allclose(found.xyxy, expected, atol=2)
    assert found.frame_index.tolist() == list(range(50))
    assert found.timestamp_ms.tolist() == list(range(0, 2000, 40))
    assert found.frame_count == 50


def test_frames_between_the_ticks_are_counted_not_analysed(still_clip: str) -> None:
    found = observed(still_clip, Options(rate=Fraction(5)))

    assert found.frame_index.tolist() == list(range(0, 50, 5))
    assert found.frame_count == 50


@pytest.mark.parametrize("options", [Options(), EVERY_FRAME], ids=["15 Hz", "every frame"])
@pytest.mark.parametrize(
    ("shard_ms", "threads"),
    [
        pytest.param(60_000, 3, id="one shard, three threads"),
        pytest.param(1_500, 1, id="two shards"),
        pytest.param(400, 2, id="many shards, two threads"),
    ],
)
def test_shards_and_threads_change_nothing(
    panned_clip: str, options: Options, shard_ms: int, threads: int
) -> None:
    whole = observed(panned_clip, options)

    parts = observed(panned_clip, replace(options, shard_ms=shard_ms), threads)

    assert_same(parts, whole)
    assert len(whole.confidence) > len(whole)  # two boxes, one of them hidden at times
    assert len(whole.described) > 10
    assert whole.appearance.any(axis=1).all()
    assert len(whole.faces) > 10
    assert_same(link(parts, 160, 120), link(whole, 160, 120))


@pytest.mark.parametrize(
    ("rate", "described_frames"),
    [
        pytest.param(Fraction(15), range(0, 50, 5), id="15 Hz: at every third"),
        pytest.param(Fraction(5), range(0, 50, 5), id="5 Hz: at each"),
        pytest.param(Fraction(2), [0, 12, 25, 37], id="2 Hz: at each"),
        pytest.param(None, range(0, 50, 5), id="every frame: at 5 Hz"),
    ],
)
def test_looks_are_kept_five_times_a_second(
    still_clip: str, rate: Fraction | None, described_frames: Sequence[int]
) -> None:
    found = observed(still_clip, Options(rate=rate))

    # There is one box in every frame, so that its row is the frame's.
    assert found.frame_index[found.described].tolist() == list(described_frames)
    assert found.appearance.shape == (len(found.described), DIMENSIONS)


def test_looks_are_those_of_the_picture_in_the_box(still_clip: str) -> None:
    (appearance,) = observed(still_clip, Options(rate=Fraction(1, 2))).appearance

    # Red of full saturation, and as bright as can be: the first and the last bin of such.
    strongest = np.sort(np.argsort(appearance.reshape(-1, 32), axis=1)[:, -2:], axis=1)
    assert strongest.tolist() == [[2, 31]] * 6


def test_faces_are_looked_for_five_times_a_second_in_the_frame_itself(still_clip: str) -> None:
    found = observed(still_clip, Options())

    frames = np.repeat(found.frame_index, np.diff(found.first_face))
    assert frames.tolist() == list(range(0, 50, 5))
    # The box is 20 x 60 pixels, and goes 2 pixels a frame to the right.
    expected = np.array([20 / 3, 0, 40 / 3, 60 / 8]) + 2 * frames[:, None] * (1, 0, 1, 0)
    np.testing.assert_allclose(found.faces.xyxy, expected, atol=2)
    np.testing.assert_allclose(found.faces.quality[:, 0], np.mean([40, 40, 230]) / 2.55, atol=4)


def test_faces_need_not_be_looked_for(still_clip: str) -> None:
    with_faces, without = shards_of(still_clip, Options()), Options(with_faces=False)

    found = observed(still_clip, without)

    assert len(found.faces) == 0
    assert not found.first_face.any()
    assert len(found.confidence) > 20
    assert shards_of(still_clip, without)[0].key != with_faces[0].key


def test_of_doubtful_detections_no_looks_are_kept(tmp_path: Path) -> None:
    # A detection is as sure as its box is full.
    picture = texture((160, 120))
    picture[10:110, 20:60] = BOX_COLOURS[0]
    picture[10:110, 90:150] = BOX_COLOURS[1]
    picture[15:105, 95:145] = texture((50, 90))

    found = observed(write_clip(tmp_path / "hollow.mp4", [picture]), EVERY_FRAME)

    assert [confidence > 0.3 for confidence in found.confidence] == [True, False]
    assert found.described.tolist() == [0]


def test_the_camera_moves_in_pixels_of_the_frame(tmp_path: Path) -> None:
    # Motion is measured in pictures half as wide; the camera pans by 6 and tilts by 2.
    scene = texture((800, 480), grain=16)
    pictures = (scene[2 * n : 2 * n + 360, 6 * n : 6 * n + 640] for n in range(8))
    path = write_clip(tmp_path / "pan.mp4", pictures)

    motion = observed(path, EVERY_FRAME).camera_motion

    np.testing.assert_allclose(motion[:-1, :, :2], np.tile(np.eye(2), (7, 1, 1)), atol=0.01)
    np.testing.assert_allclose(motion[:-1, :, 2], [[-6, -2]] * 7, atol=0.8)
    assert motion[-1].tolist() == [[1, 0, 0], [0, 1, 0]]  # nothing is known behind the end


def test_persons_are_no_sign_of_the_camera(tmp_path: Path) -> None:
    # A large box with far more corners on it than the background has walks by.
    background, clothes = texture((320, 240), grain=60), texture((120, 160), seed=1)
    pictures = []
    for step in range(5):
        picture = background.copy()
        picture[20:220, 40 + 4 * step : 200 + 4 * step] = BOX_COLOURS[0]
        picture[40:200, 60 + 4 * step : 180 + 4 * step] = clothes
        pictures.append(picture)

    found = observed(write_clip(tmp_path / "near.mp4", pictures), EVERY_FRAME)

    assert len(found.confidence) == 5
    assert found.camera_motion.tolist() == [[[1, 0, 0], [0, 1, 0]]] * 5


def test_a_cut_is_seen(tmp_path: Path) -> None:
    scenes = [texture((320, 240), seed) for seed in (1, 1, 1, 2, 2)]
    path = write_clip(tmp_path / "cut.mp4", scenes)

    motion = observed(path, EVERY_FRAME).camera_motion

    assert [bool(step.any()) for step in motion] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("torn", "is_bridged"),
    [
        pytest.param([2], True, id="one frame"),
        pytest.param([2, 3, 4], True, id="three different frames"),
        pytest.param([2] * 4, True, id="four frames alike"),
        pytest.param([2] * 20, False, id="two thirds of a second: another shot"),
    ],
)
def test_torn_frames_are_no_cut(tmp_path: Path, torn: list[int], *, is_bridged: bool) -> None:
    # The camera pans on by 12 pixels while the picture is torn.
    scene = texture((640, 240), grain=16)
    before, after = [scene[:, :320]] * 3, [scene[:, 12:332]] * 3
    between = [texture((320, 240), seed, grain=16) for seed in torn]
    path = write_clip(tmp_path / "torn.mp4", [*before, *between, *after])

    motion = observed(path, EVERY_FRAME).camera_motion

    assert motion.any(axis=(1, 2)).all() == is_bridged
    if is_bridged:
        np.testing.assert_allclose(motion[: 2 + len(torn), :, 2], 0, atol=0.1)
        np.testing.assert_allclose(motion[2 + len(torn), :, 2], [-12, 0], atol=0.8)


def test_of_frames_within_a_millisecond_one_is_analysed(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "fast.mp4", moving_boxes(12, boxes=1), rate=Fraction(2000))

    found = observed(path, EVERY_FRAME)

    assert found.timestamp_ms.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.frame_index.tolist() == [0, 2, 4, 6, 8, 10]
    assert found.frame_count == 12
    assert link(found, 160, 120).timestamp_ms.tolist() == [0, 1, 2, 3, 4]  # the last one is weak


def test_every_analysed_frame_is_reported(still_clip: str) -> None:
    (shard,) = shards_of(still_clip, Options(rate=Fraction(5)))
    reported: list[float] = []

    observe(replace(shard, expected_frames=8), load_models(shard, 1), reported.append)

    # Ten are analysed where eight were expected: more than the whole is never done.
    assert reported == [number / 8 for number in range(1, 9)] + [1, 1]


def test_an_exception_of_the_report_ends_the_work(still_clip: str) -> None:
    (shard,) = shards_of(still_clip, EVERY_FRAME)
    reported: list[float] = []

    def cancel_at_the_third(fraction: float) -> None:
        reported.append(fraction)
        if len(reported) == 3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        observe(shard, load_models(shard, 2), cancel_at_the_third, threads=2)

    assert len(reported) == 3


def test_the_file_is_named_by_the_key_and_holds_what_was_observed(
    still_clip: str, tmp_path: Path
) -> None:
    (shard,) = shards_of(still_clip, Options())

    observe_shard(shard, unheard, store=FolderObservationStore(tmp_path), threads=1)

    (path,) = tmp_path.iterdir()
    assert path.name == f"{shard.key}.parquet"
    assert_same(load(path), observed(still_clip, Options()))


def test_a_file_that_is_there_is_not_computed_again(still_clip: str, tmp_path: Path) -> None:
    (shard,) = shards_of(still_clip, Options())
    store = FolderObservationStore(tmp_path)
    gone = replace(shard, source=FileSource(str(tmp_path / "gone.mp4"), "v1"))
    with pytest.raises(VideoGone):
        observe_shard(gone, unheard, store=store, threads=1)
    assert list(tmp_path.iterdir()) == []

    observe_shard(shard, unheard, store=store, threads=1)
    (written,) = tmp_path.iterdir()
    os.utime(written, (0, 0))

    observe_shard(gone, unheard, store=store, threads=1)
    assert written.stat().st_mtime > time.time() - 3600  # it is in use


def test_a_machine_that_would_see_something_else_refuses(
    still_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shard,) = shards_of(still_clip, Options())
    assert load_models(shard, 1).input_sizes == shard.input_sizes

    monkeypatch.setattr(ColourDetector, "identity", "another runtime")

    with pytest.raises(ModelError, match=r"with .*another runtime.* planned for .*coloured boxes"):
        load_models(shard, 1)


def test_the_video_is_read_where_it_is_located_now(still_clip: str, tmp_path: Path) -> None:
    (shard,) = shards_of(still_clip, Options())
    moved = CountedSource(still_clip)
    store = FolderObservationStore(tmp_path)

    for _ in range(2):
        observe_shard(replace(shard, source=moved), unheard, store=store, threads=1)

    (path,) = tmp_path.iterdir()
    assert_same(load(path), observed(still_clip, Options()))
    assert moved.asked == 1  # the second time the file was there


class CountedSource:
    """A `VideoSource` that counts how often it is located."""

    fingerprint = "v1"

    def __init__(self, path: str) -> None:
        self.path = path
        self.asked = 0

    def location(self) -> str:
        self.asked += 1
        return self.path
