"""Downloads of a job's result, in every format that `passerby export` writes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import msgspec
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from passerby.console.artifact_request import ArtifactRequest
from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.job_artifacts import JobArtifacts, status_response
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore

BLURRED = "blurred"
NAMING = ("all-but", "only")  # choices that name persons
# Raised when an export of the same result changes: a film that was kept may show people whom a new
# one hides, so it is made anew. What was kept is swept with the job.
EXPORTS_VERSION = 2


@dataclass(frozen=True)
class ExportFormat:
    """A format in which a result can be downloaded."""

    name: str
    title: str
    suffix: str  # of the file's name
    media_type: str
    needs_video: bool


@dataclass(frozen=True)
class JobExports:
    """Downloads of a job's result."""

    jobs: JobStore
    formats: Callable[[], Sequence[ExportFormat]]
    artifacts: JobArtifacts

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of the downloads."""
        path = "/jobs/{job_id}/export/{format}"
        return [
            authenticated(sessions, path, self._order, method="POST"),
            authenticated(sessions, path, self._download),
        ]

    def _order(self, request: AuthenticatedRequest) -> Response:
        job, form = request.find_job(self.jobs), self._format(request)
        wanted = _artifact_request(request, form)
        return status_response(self.artifacts.order(job, _artifact_name(form, wanted), wanted))

    def _download(self, request: AuthenticatedRequest) -> Response:
        job, form = request.find_job(self.jobs), self._format(request)
        name = _artifact_name(form, _artifact_request(request, form))
        path = self.artifacts.path(job, name)
        if path is None:
            raise Refused("This file has not been made yet.", 404)
        return FileResponse(path, media_type=form.media_type, filename=_file_name(job, form))

    def _format(self, request: AuthenticatedRequest) -> ExportFormat:
        wanted = request.http.path_params["format"]
        for form in self.formats():
            if form.name == wanted:
                return form
        raise Refused("There is no such format.", 404)


def _artifact_request(request: AuthenticatedRequest, form: ExportFormat) -> ArtifactRequest:
    """Read what is asked for; choices that the format does not have are ignored."""
    if form.name != BLURRED:
        return ArtifactRequest(kind="export", format=form.name)
    query = request.http.query_params
    chosen = {
        "kind": "export",
        "format": form.name,
        "who": query.get("who", "everybody"),
        "persons": sorted({*query.getlist("person")}, key=lambda number: (len(number), number)),
    }
    try:
        wanted = msgspec.convert(chosen, ArtifactRequest, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(f"Invalid choice of whom to blur: {error}") from error
    if bool(wanted.persons) is not (wanted.who in NAMING):
        raise Refused('"all but" and "only" need numbers of persons; no other choice has any.')
    return wanted


def _artifact_name(form: ExportFormat, wanted: ArtifactRequest) -> str:
    """Return the name of the file among the job's artifacts: another for each choice."""
    digest = hashlib.sha256(msgspec.json.encode([EXPORTS_VERSION, wanted])).hexdigest()[:12]
    return f"{digest}{form.suffix}"


def _file_name(job: Job, form: ExportFormat) -> str:
    return PurePosixPath(job.source["key"]).stem + form.suffix
