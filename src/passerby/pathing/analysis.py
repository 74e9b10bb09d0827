"""Take one video the whole way: plan, observe its shards, link.

The caller chooses where shards run (an `Executor`) and where observations are kept (an
`ObservationStore`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DamagedVideo
from passerby.pathing.executor import Executor
from passerby.pathing.observation_store import ObservationStore
from passerby.pathing.observations import in_stored_pixels, load_all
from passerby.pathing.observe import observe_shard
from passerby.pathing.plan import Options, Plan, plan
from passerby.pathing.video_facts import measured
from passerby.pathing.video_source import VideoSource
from passerby.pathing.warnings import check_lost, describe_doubts, warnings
from passerby.records import (
    Observations,
    Progress,
    ProgressCallback,
    Sighting,
    Sightings,
    Sizes,
    Stage,
    VideoInfo,
)

if TYPE_CHECKING:
    from passerby.tracking.doubt import Doubt

# Share of the work that each stage is told to be: observing is nearly all of it.
PLANNED, OBSERVED = 0.02, 0.98


@dataclass(frozen=True)
class Analysis:
    """What became of a video; iterating gives its sightings one by one."""

    video: VideoInfo
    sightings: Sightings
    frame_index: NDArray[np.int64]  # (F,) numbers of the analysed frames
    frame_count: int  # frames decoded
    input_sizes: Sizes = ()  # of the images in which persons were detected, the largest first
    warnings: tuple[str, ...] = ()  # what was damaged or is doubtful, in sentences
    # Persons who may be none, and why; with `strict` they were left out.
    doubts: "Mapping[int, Doubt]" = field(default_factory=dict)

    def __iter__(self) -> Iterator[Sighting]:
        return iter(self.sightings)

    def __len__(self) -> int:
        return len(self.sightings)


def analyse(
    source: VideoSource,
    store: ObservationStore,
    executor: Executor,
    *,
    options: Options | None = None,
    on_progress: ProgressCallback = lambda _: None,
    on_planned: Callable[[Sequence[str]], None] = lambda _: None,
    on_observed: Callable[[Observations], None] | None = None,
) -> Analysis:
    """Find the persons in a video.

    Parameters
    ----------
    source : VideoSource
    store : ObservationStore
        Where observations are kept; shards found there are not computed again.
    executor : Executor
        Runs the planning and the shards.
    options : Options, optional
    on_progress : callable
        Told how far the work is; an exception it raises ends the work.
    on_planned : callable
        Given the names of the observations in `store`, before any are made or read.
    on_observed : callable, optional
        Given the observations of the whole video before they are linked, in stored pixels.

    Raises
    ------
    VideoError
        If the video can't be used, or more of its frames are lost than the options allow.
    ModelError
        If the network can't be loaded.
    """
    options = options or Options()
    planning = partial(plan, source, options)
    chosen = executor.call(planning, lambda: on_progress(Progress(Stage.PLANNING)))
    total = _TotalProgress(
        chosen.video, [shard.expected_frames for shard in chosen.shards], on_progress
    )
    on_planned([shard.file_name for shard in chosen.shards])
    executor.map(partial(observe_shard, store=store), chosen.shards, total.on_shard)
    paths = [store.fetch(shard.file_name) for shard in chosen.shards]
    on_progress(total.progress(Stage.LINKING, OBSERVED))
    observations = load_all(paths)
    if not len(observations):
        raise DamagedVideo
    if on_observed is not None:
        on_observed(in_stored_pixels(observations, chosen.video.width, chosen.pixel_aspect))
    check_lost(observations, options.most_lost)
    return _linked(chosen, observations, options)


def _linked(chosen: Plan, observations: Observations, options: Options) -> Analysis:
    # SciPy takes 0.3 s to import, which the first frame need not wait for.
    from passerby.pathing.link import link_oblong  # noqa: PLC0415

    video = chosen.video
    linked = link_oblong(
        observations,
        (video.width, video.height),
        chosen.pixel_aspect,
        confidence=options.confidence,
        strict=options.strict,
    )
    told = warnings(video, observations, tells_own_length=chosen.tells_own_length)
    return Analysis(
        measured(video, observations),
        linked.sightings,
        observations.frame_index,
        observations.frame_count,
        chosen.input_sizes,
        told + describe_doubts(linked.doubts, left_out=options.strict),
        linked.doubts,
    )


def describe_sizes(input_sizes: Sizes) -> str:
    """Say in which image sizes persons are detected, and why in several.

    Examples
    --------
    >>> describe_sizes([(480, 256)])
    'at 480x256 pixels'
    >>> describe_sizes([(736, 416), (384, 224)])
    'at 736x416 and 384x224 pixels, as their heights differ'
    """
    sizes = " and ".join(f"{width}x{height}" for width, height in input_sizes)
    return f"at {sizes} pixels" + ", as their heights differ" * (len(input_sizes) > 1)


class _TotalProgress:
    """Turns the progress of shards into that of the whole."""

    def __init__(
        self, video: VideoInfo, expected: list[int], on_progress: ProgressCallback
    ) -> None:
        self._video = video
        self._expected = expected
        self._done = [0.0] * len(expected)
        self._on_progress = on_progress
        self._began = time.monotonic()

    def on_shard(self, number: int, fraction: float) -> None:
        # A shard begins anew when its process is killed; the whole does not go back.
        self._done[number] = max(self._done[number], fraction)
        observed = sum(self._done) / len(self._done)
        reached = PLANNED + (OBSERVED - PLANNED) * observed
        self._on_progress(self.progress(Stage.OBSERVING, reached))

    def progress(self, stage: Stage, fraction: float) -> Progress:
        done = sum(self._done) / len(self._done)
        elapsed = max(time.monotonic() - self._began, 1e-3)
        frames = sum(d * count for d, count in zip(self._done, self._expected, strict=True))
        speed = done * self._video.duration_ms / 1000 / elapsed
        return Progress(stage, fraction, round(frames), speed, self._done.count(1.0))
