"""How the parts are joined: what is built from the settings, and handed to what.

Only what an entry point needs is imported when it is built: the API process never
loads a decoder or a network.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from passerby.cloud.objects import FolderBuckets, ObjectFacts, look_at
from passerby.errors import ObjectError, ObjectNotFound, SettingsError, UnsupportedVideo, VideoGone
from passerby.jobs.database import Database, open_database
from passerby.jobs.job import Counts, Job
from passerby.jobs.keys import AccessKeys
from passerby.jobs.results import Results
from passerby.jobs.sealing import SealingKey, open_key_file
from passerby.jobs.store import JobStore
from passerby.jobs.tables import write_table
from passerby.jobs.worker import Outcome, Report, Worker
from passerby.motfile import write_tracks
from passerby.records import Progress, Stage
from passerby.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from passerby.inference.session import Runtime
    from passerby.pathing.analysis import Analysis, ShardWork
    from passerby.pathing.plan import Shard

# The service's own: developer guide, "Guidelines and quotas".
VIDEO_BYTES_LIMIT = 10 * 1000**3


@dataclass(frozen=True)
class Installation:
    """What all processes of one installation share: its data folder, opened."""

    settings: Settings
    database: Database
    sealing_key: SealingKey
    jobs: JobStore
    keys: AccessKeys
    results: Results


def open_installation(settings: Settings) -> Installation:
    """Open the data folder, or make it on first use.

    Raises
    ------
    SettingsError
        If it cannot be made, or was written by a newer passerby.
    """
    for folder in (settings.data, settings.bucket_root):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"{folder} cannot be a folder: {error.strerror}") from error
    sealing_key = open_key_file(settings.data / "secret.key")
    database = open_database(f"sqlite:///{settings.data / 'passerby.db'}")
    return Installation(
        settings=settings,
        database=database,
        sealing_key=sealing_key,
        jobs=JobStore(database),
        keys=AccessKeys(database, sealing_key),
        results=Results(settings.data / "results"),
    )


def build_app(installation: Installation) -> "Starlette":
    """The web application that AWS clients talk to."""
    from passerby.api.app import create_app  # noqa: PLC0415
    from passerby.api.exchange import Service  # noqa: PLC0415
    from passerby.api.operations import Tracking  # noqa: PLC0415
    from passerby.api.tokens import PageTokens  # noqa: PLC0415

    tracking = Tracking(
        jobs=installation.jobs,
        objects=FolderBuckets(installation.settings.bucket_root),
        results=installation.results,
        page_tokens=PageTokens(installation.sealing_key.derive(b"passerby: page tokens")),
        open_job_limit=installation.settings.open_jobs,
        video_bytes_limit=VIDEO_BYTES_LIMIT,
    )
    return create_app(Service(installation.keys.find, tracking))


def build_worker(installation: Installation) -> Worker:
    """Whoever works off the queue."""
    buckets = FolderBuckets(installation.settings.bucket_root)
    return Worker(installation.jobs, partial(_analyse_job, installation, buckets))


def _analyse_job(
    installation: Installation, buckets: FolderBuckets, job: Job, report: Report
) -> Outcome:
    """Analyse the video of a job and store what was found."""
    from passerby.pathing.analysis import analyse  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415

    settings = installation.settings
    try:
        found = buckets.head(job.source["bucket"], job.source["key"], job.source["version"])
    except ObjectError as error:
        raise VideoGone from error
    if found.fingerprint != job.source["fingerprint"]:
        raise VideoGone
    analysis = analyse(
        found.location,
        found.fingerprint,
        settings.data / "observations",
        partial(run_here, processes=settings.processes),
        options=Options(runtime=settings.runtime),
        on_progress=report,
    )
    report(Progress(Stage.SAVING, 0.99))
    installation.results.write(job.id, analysis.sightings)
    persons = int(analysis.sightings.person_index.max(initial=-1)) + 1
    return Outcome(analysis.video, Counts(persons, len(analysis.sightings)))


def track_file(
    video: str | PathLike[str],
    *,
    rate: float | None,
    processes: int | None = None,
    runtime: "Runtime" = "auto",
    folder: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> "Analysis":
    """Analyse one file; parameters as `passerby.track`.

    `folder` keeps the observations, so that the work can be taken up again after a
    crash; without one they are thrown away at the end.
    """
    from passerby.pathing.analysis import analyse  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415

    found = _local_file(video)
    with tempfile.TemporaryDirectory(prefix="passerby-") as scratch:
        return analyse(
            found.location,
            found.fingerprint,
            folder or Path(scratch),
            partial(run_here, processes=processes),
            options=Options(rate=None if rate is None else Fraction(rate), runtime=runtime),
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
    work: "ShardWork",
    shards: "Sequence[Shard]",
    on_progress: Callable[[int, float], None],
    *,
    processes: int | None = None,
) -> list[Path]:
    """Run shards on this machine: a process each while there are cores, else threads."""
    from passerby.engine.local import run_shards  # noqa: PLC0415

    cores = len(os.sched_getaffinity(0))
    workers = min(processes or cores, len(shards))
    threads = max(1, cores // workers)
    observe = partial(work, threads=threads)
    return run_shards(observe, shards, workers, on_progress, lambda: False)


def write_results(analysis: "Analysis", folder: Path, stem: str) -> None:
    """Write what was found as MOTChallenge text, as Parquet, and as the service's answer."""
    from passerby.api.operations import whole_answer  # noqa: PLC0415
    from passerby.api.protocol import serialised  # noqa: PLC0415

    write_tracks(folder / f"{stem}.txt", analysis.sightings)
    write_table(analysis.sightings, folder / f"{stem}.parquet")
    answer = serialised(whole_answer(analysis.video, analysis.sightings))
    (folder / f"{stem}.json").write_bytes(answer)
