"""Take one video the whole way: plan, observe its shards, link.

The caller chooses where shards run (an `Executor`) and where observations are kept (an
`ObservationStore`).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DamagedVideo
from passerby.pathing.executor import Executor
from passerby.pathing.observation_store import ObservationStore
from passerby.pathing.observations import load_all
from passerby.pathing.observe import observe_shard
from passerby.pathing.plan import Options, Plan, plan
from passerby.pathing.video_source import VideoSource
from passerby.pathing.warnings import warnings
from passerby.records import (
    Observations,
    Progress,
    ProgressCallback,
    Sighting,
    Sightings,
    Stage,
    VideoInfo,
)

# Share of the work that each stage is told to be: observing is nearly all of it.
PLANNED, OBSERVED = 0.02, 0.98


@dataclass(frozen=True)
class Analysis:
    """What became of a video; iterating gives its sightings one by one."""

    video: VideoInfo
    sightings: Sightings
    frame_index: NDArray[np.int64]  # (F,) numbers of the analysed frames
    frame_count: int  # frames decoded
    warnings: tuple[str, ...] = ()  # what was damaged, a sentence a stretch of it

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

    Raises
    ------
    VideoError
        If the video can't be used, or not one frame of it could be decoded.
    ModelError
        If the network can't be loaded.
    """
    planning = partial(plan, source, options or Options())
    chosen = executor.call(planning, lambda: on_progress(Progress(Stage.PLANNING)))
    total = _TotalProgress(
        chosen.video, [shard.expected_frames for shard in chosen.shards], on_progress
    )
    executor.map(partial(observe_shard, store=store), chosen.shards, total.on_shard)
    paths = [store.fetch(shard.file_name) for shard in chosen.shards]
    on_progress(total.progress(Stage.LINKING, OBSERVED))
    observations = load_all(paths)
    if not len(observations):
        raise DamagedVideo
    return _linked(chosen, observations)


def _linked(chosen: Plan, observations: Observations) -> Analysis:
    # SciPy takes 0.3 s to import, which the first frame need not wait for.
    from passerby.pathing.link import link_oblong  # noqa: PLC0415

    video = chosen.video
    return Analysis(
        video,
        link_oblong(observations, video.width, video.height, chosen.pixel_aspect),
        observations.frame_index,
        observations.frame_count,
        warnings(video, observations),
    )


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
