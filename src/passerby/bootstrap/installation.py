"""How the parts are joined: what is built from the settings, and handed to what.

Only what an entry point needs is imported when it is built: the API process never
loads a decoder or a network.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from passerby.access.encryption import SealingKey, open_key_file
from passerby.access.keys import AccessKeys
from passerby.api.notices import notice_of
from passerby.cloud.objects import FolderBuckets
from passerby.cloud.pinned_object import Objects, PinnedObject, readable
from passerby.database.backup import KEY_NAME, database_file
from passerby.database.connection import Database, open_database
from passerby.errors import SettingsError
from passerby.jobs.cached_jobs import RememberedJobs
from passerby.jobs.job import Counts, Job, utc_now
from passerby.jobs.outbox import Outbox
from passerby.jobs.queue_stats import census
from passerby.jobs.store import JobStore
from passerby.jobs.worker import Outcome, Report, Worker
from passerby.records import Progress, Stage
from passerby.results.store import Results
from passerby.settings import S3Place, Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from passerby.api.exchange import Service
    from passerby.api.rates import Rate
    from passerby.cloud.buckets import Buckets
    from passerby.cloud.observation_store import BucketShelf
    from passerby.cloud.s3 import Place
    from passerby.engine.local import Processes
    from passerby.wire.faces import JudgeFaces

logger = logging.getLogger(__name__)

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Installation:
    """What all processes of one installation share: its data folder, opened."""

    settings: Settings
    database: Database
    sealing_key: SealingKey
    jobs: JobStore
    keys: AccessKeys
    results: Results
    outbox: Outbox


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
    sealing_key = open_key_file(settings.data / KEY_NAME)
    database = open_database(settings.database_url)
    return Installation(
        settings=settings,
        database=database,
        sealing_key=sealing_key,
        jobs=JobStore(
            database,
            now=database.now,
            message_of=notice_of,
            retention=timedelta(days=settings.retention_days),
        ),
        keys=AccessKeys(database, sealing_key),
        results=Results(settings.data / "results"),
        outbox=Outbox(database, now=database.now),
    )


def find_installation(settings: Settings) -> Installation:
    """Open a data folder that is there already, and make nothing.

    Raises
    ------
    SettingsError
        If there is none, or it was written by a newer passerby.
    """
    database = database_file(settings.database_url)
    parts = [settings.data / KEY_NAME, *([database] if database else [])]
    if not all(part.is_file() for part in parts):
        raise SettingsError(
            f"{settings.data} holds no installation; "
            "passerby serve or passerby keys create makes one."
        )
    return open_installation(settings)


def build_app(installation: Installation) -> "Starlette":
    """The web application that AWS clients talk to, and the console of people."""
    from passerby.api.app import create_app  # noqa: PLC0415
    from passerby.api.exchange import Service  # noqa: PLC0415
    from passerby.api.metrics import Metrics  # noqa: PLC0415
    from passerby.api.operations import Tracking  # noqa: PLC0415
    from passerby.api.signature import Gate  # noqa: PLC0415
    from passerby.api.tokens import PageTokens  # noqa: PLC0415

    settings = installation.settings
    buckets = build_buckets(settings)
    tracking = Tracking(
        jobs=RememberedJobs(installation.jobs),
        objects=buckets,
        results=installation.results,
        page_tokens=PageTokens(
            installation.sealing_key.derive(b"passerby: page tokens"),
            timedelta(hours=settings.page_token_hours),
        ),
        open_job_limit=settings.open_jobs,
        video_bytes_limit=settings.max_video_bytes,
        judge_faces=face_judge(settings),
    )
    service = Service(
        gate=Gate(installation.keys.find, frozenset(settings.regions)),
        rates=_rates(settings),
        tracking=tracking,
        metrics=Metrics(lambda: census(installation.database, utc_now()), settings.data),
    )
    return create_app(service, _console(installation, service, buckets))


def _console(
    installation: Installation, service: "Service", buckets: "FolderBuckets | Buckets"
) -> "list[BaseRoute]":
    if not installation.settings.console:
        return []
    from passerby.bootstrap.console import build_desk  # noqa: PLC0415
    from passerby.console.app import console_routes  # noqa: PLC0415

    return console_routes(build_desk(installation, service, buckets))


def face_judge(settings: Settings) -> "JudgeFaces | None":
    """Whoever tells more of faces than the service did by default; None where nobody is to."""
    if settings.face_attributes != "all":
        return None
    from passerby.faces.expression import judge  # noqa: PLC0415

    return judge


def _rates(settings: Settings) -> "dict[str, Rate]":
    """How often an account may call each operation, a second's worth at once."""
    from passerby.api.rates import Rate  # noqa: PLC0415

    per_second = {
        "StartPersonTracking": settings.starts_per_second,
        "GetPersonTracking": settings.gets_per_second,
    }
    return {name: Rate(rate, max(rate, 1)) for name, rate in per_second.items() if rate}


def build_worker(installation: Installation) -> Worker:
    """Whoever works off the queue."""
    from passerby.engine.local import Processes  # noqa: PLC0415
    from passerby.processes.limits import MEBIBYTE, Limits  # noqa: PLC0415

    settings = installation.settings
    limits = Limits(settings.process_memory_mb * MEBIBYTE, settings.stall_seconds)
    buckets = build_buckets(settings)
    analyse = partial(_analyse_job, installation, buckets, Processes(limits))
    return Worker(installation.jobs, analyse)


def build_buckets(settings: Settings) -> "FolderBuckets | Buckets":
    """Wherever videos lie: in folders, and in S3 where that was set up."""
    folders = FolderBuckets(settings.bucket_root)
    if not settings.s3.buckets and not settings.s3.holds_others:
        return folders
    from passerby.cloud.buckets import Buckets  # noqa: PLC0415

    named = {name: _place(bucket, bucket.name) for name, bucket in settings.s3.buckets.items()}
    return Buckets(folders, named, _place(settings.s3) if settings.s3.holds_others else None)


def _place(given: S3Place, bucket: str | None = None) -> "Place":
    from passerby.cloud.s3 import Place  # noqa: PLC0415

    return Place(given.endpoint_url, given.region, given.path_style, given.profile, bucket)


def build_shelf(settings: Settings) -> "BucketShelf | None":
    """Where observations are kept on S3, if they are."""
    if settings.observations_on_s3 is None:
        return None
    from passerby.cloud.observation_store import BucketShelf  # noqa: PLC0415

    bucket, prefix = settings.observations_on_s3
    named = settings.s3.buckets.get(bucket)
    place = _place(named, named.name) if named else _place(settings.s3)
    return BucketShelf(place, bucket, prefix)


def _analyse_job(
    installation: Installation, buckets: Objects, processes: "Processes", job: Job, report: Report
) -> Outcome:
    """Analyse the video of a job and store what was found.

    Nothing is decoded here: a video that brings a decoder down ends its own job.
    """
    from passerby.bootstrap.engine import engine_of, plan_runner  # noqa: PLC0415
    from passerby.pathing.analysis import analyse  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415

    settings = installation.settings
    video = PinnedObject(buckets, **job.source)
    copy = settings.data / "copies" / job.id
    with readable(video, copy, lambda: report(Progress(Stage.PLANNING))) as locate:
        analysis = analyse(
            locate(),
            video.fingerprint,
            settings.observations_folder,
            engine_of(settings, processes.run, processes.limits),
            run_plan=plan_runner(processes),
            options=Options(
                runtime=settings.runtime,
                device=settings.device,
                with_faces=settings.face_attributes != "none",
                duration_limit_ms=round(settings.max_video_hours * HOUR_MS),
            ),
            on_progress=report,
            locate=locate,
            shelf=build_shelf(settings),
        )
    for complaint in analysis.complaints:
        logger.warning("job %s: %s", job.id, complaint)
    report(Progress(Stage.SAVING, 0.99))
    publish = installation.results.draft(job.id, analysis.sightings)
    persons = int(analysis.sightings.person_index.max(initial=-1)) + 1
    counts = Counts(persons, len(analysis.sightings))
    return Outcome(analysis.video, counts, publish, analysis.complaints)
