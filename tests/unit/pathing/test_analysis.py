from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from passerby.errors import DamagedVideo, JobCancelled, UnsupportedVideo
from passerby.pathing.analysis import Analysis, analyse
from passerby.pathing.executor import Executor, ShardCallback, ShardTask
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import serialised
from passerby.pathing.plan import Options, Shard, plan
from passerby.pathing.video_source import FileSource
from passerby.records import FractionCallback, Progress, ProgressCallback, Stage
from passerby.testing import BOX_COLOURS, Image, moving_boxes, observations, texture, write_clip

R = TypeVar("R")

pytestmark = pytest.mark.usefixtures("colour_network")

FOUR_SHARDS = Options(shard_ms=500)


class OneByOne:
    """An `Executor` that does everything in this thread."""

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        on_tick()
        return work(lambda _: None)

    def map(self, task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> None:
        for number, shard in enumerate(shards):
            task(shard, partial(on_progress, number), threads=1)
            on_progress(number, 1.0)


def found_in(
    clip: str,
    folder: Path,
    executor: Executor | None = None,
    options: Options = FOUR_SHARDS,
    on_progress: ProgressCallback = lambda _: None,
) -> Analysis:
    folder.mkdir(exist_ok=True)
    store = FolderObservationStore(folder)
    source = FileSource(clip, "v1")
    return analyse(source, store, executor or OneByOne(), options=options, on_progress=on_progress)


def test_a_box_that_walks_is_a_person(still_clip: str, tmp_path: Path) -> None:
    found = found_in(still_clip, tmp_path, options=Options())

    assert found.video.duration_ms == 2000
    assert found.frame_count == 50
    assert len(found) == len(found.frame_index) == 30  # 15 Hz for two seconds
    assert {sighting.person_index for sighting in found} == {0}
    assert found.sightings.frame_index.tolist() == found.frame_index.tolist()
    centres = found.sightings.xyxy[:, [0, 2]].mean(axis=1)
    np.testing.assert_allclose(centres, 2 * found.frame_index + 10, atol=2)


def meeting(*, turned_back: bool) -> Iterator[Image]:
    """Pictures of two who meet, are unseen for 18 frames, and part."""
    background = texture((160, 120))
    colours = BOX_COLOURS[:2], BOX_COLOURS[:2] if turned_back else BOX_COLOURS[1::-1]
    for step in range(118):
        picture = background.copy()
        if not 50 <= step < 68:
            walked = min(step, 117 - step)
            left_colour, right_colour = colours[step > 50]
            picture[30:90, walked : walked + 20] = left_colour
            picture[30:90, 140 - walked : 160 - walked] = right_colour
        yield picture


@pytest.mark.parametrize("turned_back", [True, False], ids=["turned back", "passed each other"])
def test_two_who_were_unseen_for_a_while_are_known_by_their_colours(
    tmp_path: Path, *, turned_back: bool
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", meeting(turned_back=turned_back), rate=Fraction(15))

    found = found_in(str(clip), tmp_path / "seen", options=Options(shard_ms=2000)).sightings

    assert set(found.person_index.tolist()) == {0, 1}
    for person in (0, 1):
        left = found.xyxy[found.person_index == person, 0]
        assert abs(left[0] - left[-1]) == pytest.approx(0 if turned_back else 140, abs=5)


def test_shards_found_on_disk_are_not_computed_again(still_clip: str, tmp_path: Path) -> None:
    class DiesAfterTwo(OneByOne):
        def map(self, task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> None:
            super().map(task, shards[:2], on_progress)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found_in(still_clip, tmp_path / "seen", DiesAfterTwo())
    observed_now: set[int] = set()

    class Watched(OneByOne):
        def map(self, task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> None:
            def on_shard(number: int, fraction: float) -> None:
                if fraction < 1:
                    observed_now.add(number)
                on_progress(number, fraction)

            super().map(task, shards, on_shard)

    resumed = found_in(still_clip, tmp_path / "seen", Watched())

    assert observed_now == {2, 3}
    undisturbed = found_in(still_clip, tmp_path / "elsewhere")
    assert list(resumed) == list(undisturbed)


def test_the_video_is_located_anew_for_each_shard(still_clip: str, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Counted(FileSource):
        asked: list[str] = field(default_factory=list)

        def location(self) -> str:
            self.asked.append(self.path)
            return self.path

    source = Counted(still_clip, "v1")

    analyse(source, FolderObservationStore(tmp_path), OneByOne(), options=FOUR_SHARDS)

    assert len(source.asked) == 1 + 4  # once to plan


def test_a_video_of_which_no_frame_decodes_is_damaged(still_clip: str, tmp_path: Path) -> None:
    class SeesNothing(OneByOne):
        def map(
            self,
            task: ShardTask,  # noqa: ARG002
            shards: Sequence[Shard],
            on_progress: ShardCallback,  # noqa: ARG002
        ) -> None:
            for shard in shards:
                (tmp_path / shard.file_name).write_bytes(serialised(observations([])))

    with pytest.raises(DamagedVideo):
        found_in(still_clip, tmp_path, SeesNothing())


def test_text_is_no_video(tmp_path: Path) -> None:
    text = tmp_path / "video.mp4"
    text.write_text("not a video", encoding="utf-8")

    with pytest.raises(UnsupportedVideo):
        found_in(str(text), tmp_path)


def test_progress_rises_to_the_end(still_clip: str, tmp_path: Path) -> None:
    told: list[Progress] = []

    found_in(still_clip, tmp_path, on_progress=told.append)

    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert told[0] == Progress(Stage.PLANNING)
    assert {progress.stage for progress in told[1:-1]} == {Stage.OBSERVING}
    assert told[-1].stage == Stage.LINKING
    assert told[-1].frames == pytest.approx(30, abs=4)
    assert told[-1].speed > 0
    assert sorted({progress.finished_shards for progress in told}) == [0, 1, 2, 3, 4]
    assert told[-1].fraction > 0.9


def test_progress_does_not_go_back_when_a_shard_begins_anew(
    still_clip: str, tmp_path: Path
) -> None:
    told: list[Progress] = []

    class KilledHalfway(OneByOne):
        def map(self, task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> None:
            on_progress(1, 0.75)
            on_progress(1, 0.0)
            super().map(task, shards, on_progress)

    found_in(still_clip, tmp_path, KilledHalfway(), on_progress=told.append)

    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("stage", [Stage.PLANNING, Stage.OBSERVING, Stage.LINKING])
def test_an_exception_of_on_progress_ends_the_work(
    still_clip: str, tmp_path: Path, stage: Stage
) -> None:
    told: list[Stage] = []

    def cancel(progress: Progress) -> None:
        told.append(progress.stage)
        if progress.stage == stage:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        found_in(still_clip, tmp_path, options=Options(), on_progress=cancel)

    assert told.count(stage) == 1
    assert told[-1] == stage


@pytest.mark.parametrize("rotation", [0, 90], ids=["upright", "on its side"])
def test_pixels_that_are_not_square_change_nothing_but_the_ratio(
    tmp_path: Path, rotation: int
) -> None:
    pictures = [np.rot90(image, rotation // 90) for image in moving_boxes(30, size=(320, 240))]
    # The same, every second column of what is stored left out.
    narrow = [image[:, ::2] for image in pictures]
    options = Options(rate=None, with_faces=False)
    results = {}
    for name, images, aspect in (("square", pictures, 1), ("narrow", narrow, 2)):
        path = write_clip(
            tmp_path / f"{name}.mp4",
            map(np.ascontiguousarray, images),
            rotation_degrees=-rotation,
            pixel_aspect=Fraction(aspect),
        )
        results[name] = found_in(str(path), tmp_path / name, options=options)

    # Both begin at once: which of them is the first is as good as chance.
    square, halved = (
        found.sightings.xyxy[np.lexsort((found.sightings.xyxy[:, 1], found.sightings.frame_index))]
        for found in results.values()
    )
    shrink = np.tile([1.0, 0.5] if rotation else [0.5, 1.0], 2)
    assert results["narrow"].video.width * (1 if rotation else 2) == 320
    assert len(square) == len(halved) == 60
    assert {found.sightings.person_index.max() for found in results.values()} == {1}
    # Half the columns is less colour at the edges: 2 pixels, of bodies 120 tall.
    difference = np.abs(square * shrink - halved)
    assert np.median(difference) < 1
    assert difference.max() < 120 / 20


def test_key_and_sizes_know_the_shape_of_the_pixels(tmp_path: Path) -> None:
    shards = []
    for aspect in (Fraction(1), Fraction(3, 2)):
        path = tmp_path / f"{aspect.numerator}.mp4"
        write_clip(path, [texture((640, 480))] * 3, pixel_aspect=aspect)
        shards.append(plan(FileSource(str(path), "v1"), Options()).shards[0])

    assert [shard.pixel_aspect for shard in shards] == [1.0, 1.5]
    # Nobody is seen: the long side is 480, of 640 x 480 and of 960 x 480.
    assert [shard.input_sizes for shard in shards] == [((480, 352),), ((480, 256),)]
    assert shards[0].key != shards[1].key
