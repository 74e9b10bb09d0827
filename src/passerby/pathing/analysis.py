"""The whole way of one video: plan, observe its shards, link.

Where the shards run is the caller's choice: it hands in a function that runs them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DamagedVideo
from passerby.pathing.damage import complaints
from passerby.pathing.observations import load_all
from passerby.pathing.observe import Locate, observe_to_file, observe_to_shelf
from passerby.pathing.plan import Options, Plan, Report, Shard, ignore, plan
from passerby.pathing.shelf import Shelf, fetched
from passerby.records import Observations, Progress, Sighting, Sightings, Stage, VideoInfo

OnProgress = Callable[[Progress], None]

# Share of the work that each stage is told to be: observing is nearly all of it.
PLANNED, OBSERVED = 0.02, 0.98


@dataclass(frozen=True)
class Analysis:
    """What became of a video; iterating gives its sightings one by one."""

    video: VideoInfo
    sightings: Sightings
    frame_index: NDArray[np.int64]  # (F,) numbers of the analysed frames
    frame_count: int  # frames decoded
    complaints: tuple[str, ...] = ()  # what was damaged, a sentence a stretch of it

    def __iter__(self) -> Iterator[Sighting]:
        return iter(self.sightings)

    def __len__(self) -> int:
        return len(self.sightings)


class ShardWork(Protocol):
    """Observes one shard, some frames at the same time, into a file."""

    def __call__(self, shard: Shard, report: Report, *, threads: int) -> Path:
        """As `observe_to_file`, the folder chosen."""
        ...


class RunShards(Protocol):
    """Runs work on each shard, anywhere, and returns the results in order."""

    def __call__(
        self,
        work: ShardWork,
        shards: Sequence[Shard],
        on_progress: Callable[[int, float], None],
    ) -> list[Path]:
        """`on_progress` is told the shard's number and how much of it is done, in [0, 1].

        1: its observations are kept.
        """
        ...


class RunPlan(Protocol):
    """Runs the planning, anywhere."""

    def __call__(self, work: Callable[[Report], Plan], on_tick: Callable[[], None]) -> Plan:
        """`on_tick` is called again and again; an exception it raises ends the work."""
        ...


def plan_here(work: Callable[[Report], Plan], on_tick: Callable[[], None]) -> Plan:
    """Plan in this thread."""
    on_tick()
    return work(ignore)


def analyse(
    source: str,
    fingerprint: str,
    folder: Path,
    run_shards: RunShards,
    *,
    run_plan: RunPlan = plan_here,
    options: Options | None = None,
    on_progress: OnProgress = lambda _: None,
    locate: Locate | None = None,
    shelf: Shelf | None = None,
) -> Analysis:
    """Find the persons in a video.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    fingerprint : str
        Another one whenever the content of the source is another.
    folder : Path
        Where observations are kept; shards found there are not computed again.
    run_shards, run_plan : callable
    options : Options, optional
    on_progress : callable
        Told how far the work is; an exception it raises ends the work.
    locate : callable, optional
        Asked for the source's address anew before each shard is read, wherever that is.
    shelf : Shelf, optional
        Where observations are kept for other machines, which do not see `folder`.

    Raises
    ------
    VideoError
        If the video can't be used, or not one frame of it could be decoded.
    ModelError
        If the network can't be loaded.
    """
    planning = partial(plan, source, fingerprint, options or Options())
    chosen = run_plan(planning, lambda: on_progress(Progress(Stage.PLANNING)))
    watch = _Watch(chosen.video, [shard.expected_frames for shard in chosen.shards], on_progress)
    folder.mkdir(parents=True, exist_ok=True)
    paths = run_shards(_work(folder, shelf, locate), chosen.shards, watch.shard_reached)
    if shelf is not None:
        paths = [fetched(shelf, path.name, folder) for path in paths]
    on_progress(watch.progress(Stage.LINKING, OBSERVED))
    observations = load_all(paths)
    if not len(observations):
        raise DamagedVideo
    return _linked(chosen, observations)


def _work(folder: Path, shelf: Shelf | None, locate: Locate | None) -> ShardWork:
    """What is done with each shard, wherever that is."""
    if shelf is None:
        # Whoever observes may work in another folder.
        return partial(observe_to_file, folder=folder.absolute(), locate=locate)
    return partial(observe_to_shelf, shelf=shelf, locate=locate)


def _linked(chosen: Plan, observations: Observations) -> Analysis:
    # SciPy takes 0.3 s to import, which the first frame need not wait for.
    from passerby.pathing.link import link_oblong  # noqa: PLC0415

    video = chosen.video
    return Analysis(
        video,
        link_oblong(observations, video.width, video.height, chosen.pixel_aspect),
        observations.frame_index,
        observations.frame_count,
        complaints(video, observations),
    )


class _Watch:
    """Turns the progress of shards into that of the whole."""

    def __init__(self, video: VideoInfo, expected: list[int], on_progress: OnProgress) -> None:
        self._video = video
        self._expected = expected
        self._done = [0.0] * len(expected)
        self._on_progress = on_progress
        self._began = time.monotonic()

    def shard_reached(self, number: int, fraction: float) -> None:
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
