"""The routes of the console, built from an installation and the API's service."""

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from passerby.access.ended_sessions import EndedSessions
from passerby.access.keys import AccessKey
from passerby.api import faults
from passerby.api.exchange import Service, start_job
from passerby.api.faults import Fault
from passerby.bootstrap.erasure import delete_job
from passerby.cloud.pinned_object import Objects
from passerby.console.app import console_routes
from passerby.console.events import Events, EventSources
from passerby.console.job_artifacts import JobArtifacts
from passerby.console.job_deletion import JobDeletion
from passerby.console.job_exports import ExportFormat, JobExports
from passerby.console.job_page import JobPage
from passerby.console.job_paths import JobPaths
from passerby.console.job_places import JobPlaces
from passerby.console.job_video import JobVideo
from passerby.console.jobs_page import JobsPage
from passerby.console.login import LoginPage
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.console.start_page import BucketListing, NewAnalysis, StartPage
from passerby.console.upload import Uploads, UploadTarget
from passerby.errors import JobNotFound
from passerby.jobs.job import Job
from passerby.jobs.job_list import JobList
from passerby.settings import Settings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute, Route

    from passerby.bootstrap.installation import Installation

# Where the API's own message would puzzle a person.
_MESSAGES = {
    faults.ACCESS_DENIED: "This access key may not analyse this video.",
    faults.PROVISIONED_THROUGHPUT_EXCEEDED: "Too many jobs were started. Wait a moment.",
    faults.IDEMPOTENT_PARAMETER_MISMATCH: "This form was sent before. Load the page again.",
    faults.INVALID_PARAMETER: "Choose a bucket and a video.",
}


class Buckets(BucketListing, Objects, Protocol):
    """Buckets that can be browsed, and whose objects can be looked up."""


def build_console(
    installation: "Installation", service: Service, buckets: Buckets
) -> "list[BaseRoute]":
    """Build the routes of the console."""
    settings = installation.settings
    sessions = Sessions(
        installation.sealing_key.derive(b"passerby: sessions of the console"),
        installation.keys,
        EndedSessions(installation.database),
    )
    login = LoginPage(
        keys=installation.keys,
        sessions=sessions,
        failures=service.authenticator.failures,
        secure=is_https(settings),
    )
    upload_target = _upload_target(settings)
    start = StartPage(
        buckets=buckets,
        has_other_buckets=settings.s3.holds_others,
        start_job=partial(_start_job, service),
        upload_target=upload_target,
        face_attributes=settings.face_attributes,
    )
    return console_routes(
        [
            *login.routes(),
            *_job_routes(installation, sessions, buckets),
            *start.routes(sessions),
            *Uploads(upload_target).routes(sessions),
        ],
        is_https=is_https(settings),
    )


def _job_routes(
    installation: "Installation", sessions: Sessions, objects: Objects
) -> "list[Route]":
    """Build the routes of the list of jobs, and those of one job."""
    jobs, results = installation.jobs, installation.results
    job_list = JobList(installation.database)
    artifacts = JobArtifacts(installation.artifacts)
    places = JobPlaces(
        jobs,
        results,
        folder=installation.artifacts.folder,
        compute_statistics=partial(_compute_statistics, installation),
    )
    return [
        *JobsPage(jobs, job_list).routes(sessions),
        *JobPage(jobs, _export_formats, installation.settings.upload_bucket).routes(sessions),
        *JobPaths(jobs, results).routes(sessions),
        *places.routes(sessions),
        *JobVideo(jobs, objects, artifacts).routes(sessions),
        *JobExports(jobs, _export_formats, artifacts).routes(sessions),
        *JobDeletion(jobs, partial(delete_job, installation)).routes(sessions),
        *Events(EventSources(jobs, job_list, installation.artifacts)).routes(sessions),
    ]


@cache
def _export_formats() -> tuple[ExportFormat, ...]:
    # The writers are imported with the first page that offers them.
    from passerby.exports.formats import FORMATS  # noqa: PLC0415

    return tuple(
        ExportFormat(form.name, form.title, form.suffix, form.media_type, form.needs_video)
        for form in FORMATS.values()
    )


def _compute_statistics(
    installation: "Installation",
    job: Job,
    kind: Literal["heat", "counts", "summary"],
    places: object = None,
) -> dict[str, Any]:
    # Statistics are imported with the first page that shows some.
    from passerby.console.statistics import StatisticsRequest, compute  # noqa: PLC0415

    if job.video is None:
        raise JobNotFound
    request = StatisticsRequest(
        table=str(installation.results.table(job.id)),
        kind=kind,
        width=job.video.width,
        height=job.video.height,
        duration_ms=job.video.duration_ms,
        places=places,
    )
    return compute(request, installation.settings.worker_niceness)


def is_https(settings: Settings) -> bool:
    """Whether browsers reach the server over TLS: its own, or that of a proxy."""
    public = settings.public_url or ""
    return settings.tls_certificate is not None or public.startswith("https:")


def _upload_target(settings: Settings) -> UploadTarget | None:
    bucket = settings.upload_bucket
    folder = settings.bucket_root / bucket
    return UploadTarget(bucket, folder, settings.max_video_bytes) if bucket else None


def _start_job(service: Service, key: AccessKey, new: NewAnalysis) -> None:
    """Start a job as StartPersonTracking does; raises Refused."""
    video = {"S3Object": {"Bucket": new.bucket, "Name": new.key}}
    optional = {"JobTag": new.tag, "ClientRequestToken": new.token}
    parameters = {"Video": video, **{name: value for name, value in optional.items() if value}}
    try:
        start_job(service, key, parameters)
    except Fault as fault:
        message = _MESSAGES.get(fault.kind) or fault.message or fault.kind.code
        status = 403 if fault.kind is faults.ACCESS_DENIED else fault.kind.status
        raise Refused(message, status) from fault
