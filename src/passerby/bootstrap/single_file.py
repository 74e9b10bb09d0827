"""One video file, analysed here and now: no installation, no database.

The command line and the library come this way; a worker borrows `run_here`.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Protocol

from passerby import logs
from passerby.api.operations import whole_answer
from passerby.api.protocol import serialise
from passerby.cloud.objects import ObjectFacts, look_at
from passerby.engine.local import run_shards
from passerby.errors import ObjectNotFound, UnsupportedVideo, VideoGone
from passerby.faces import expression
from passerby.inference.session import Device, Runtime
from passerby.motfile import write_tracks
from passerby.pathing.analysis import Analysis, RunShards, ShardWork, analyse
from passerby.pathing.plan import Options, Report, Shard
from passerby.records import Progress
from passerby.results.tables import write_table


class RunProcesses(Protocol):
    """Runs work on shards in some processes at a time: `run_shards`, or `Processes.run`."""

    def __call__(
        self,
        observe: Callable[[Shard, Report], Path],
        shards: Sequence[Shard],
        workers: int,
        on_progress: Callable[[int, float], None],
        should_stop: Callable[[], bool],
    ) -> list[Path]:
        """As `run_shards`."""
        ...


def track_file(
    video: str | PathLike[str],
    *,
    rate: float | None,
    processes: int | None = None,
    engine: RunShards | None = None,
    runtime: Runtime = "auto",
    device: Device = "cpu",
    with_faces: bool = True,
    folder: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Analysis:
    """Analyse one file; parameters as `passerby.track`.

    `folder` keeps the observations, so that the work can be taken up again after a
    crash; without one they are thrown away at the end. `engine` runs the shards, unless
    this machine does.
    """
    found = _local_file(video)
    with tempfile.TemporaryDirectory(prefix="passerby-") as scratch:
        return analyse(
            found.location,
            found.fingerprint,
            folder or Path(scratch),
            engine or partial(run_here, processes=processes),
            options=Options(
                rate=None if rate is None else Fraction(rate),
                runtime=runtime,
                device=device,
                with_faces=with_faces,
            ),
            on_progress=on_progress or (lambda _: None),
        )


def _local_file(video: str | PathLike[str]) -> ObjectFacts:
    try:
        return look_at(os.path.realpath(video))
    except ObjectNotFound as error:
        raise UnsupportedVideo(f"{video} is not a file.") from error
    except OSError as error:
        raise VideoGone(f"{video} cannot be read: {error.strerror}.") from error


def run_here(
    work: ShardWork,
    shards: Sequence[Shard],
    on_progress: Callable[[int, float], None],
    *,
    processes: int | None = None,
    run: RunProcesses = run_shards,
) -> list[Path]:
    """Run shards on this machine: a process each while there are cores, else threads.

    Only `run` decides whether a shard that is alone gets a process of its own. For one's
    own file it does not: that would take a second, and cost nobody else anything.
    """
    cores = len(os.sched_getaffinity(0))
    workers = min(processes or cores, len(shards))
    threads = max(1, cores // workers)
    observe = logs.current_log_settings().wrap(partial(work, threads=threads))
    return run(observe, shards, workers, on_progress, lambda: False)


def write_results(
    analysis: Analysis,
    folder: Path,
    stem: str,
    *,
    all_of_faces: bool = False,
) -> None:
    """Write what was found as MOTChallenge text, as Parquet, and as the service's answer.

    `all_of_faces` spells out more of each face than the service did.
    """
    write_tracks(folder / f"{stem}.txt", analysis.sightings)
    write_table(analysis.sightings, folder / f"{stem}.parquet")
    judge = expression.judge if all_of_faces else None
    answer = serialise(whole_answer(analysis.video, analysis.sightings, judge))
    (folder / f"{stem}.json").write_bytes(answer)
