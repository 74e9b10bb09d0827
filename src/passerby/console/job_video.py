"""A job's video in a browser: the original if the browser can play it, else a preview.

Whether it can, and the preview, are determined in a process that may decode; the portraits of
the persons are made there, too.
"""

import zipfile
from dataclasses import dataclass
from typing import Literal

import msgspec
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from passerby.cloud.pinned_object import Objects, PinnedObject
from passerby.cloud.relay import request_part
from passerby.console.artifact_request import ArtifactRequest
from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.job_artifacts import JobArtifacts, status_response
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.jobs.artifact_orders import ArtifactStage, ArtifactStatus
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore

# Numbers in names: earlier ones were squeezed where pixels are not square.
Name = Literal["playability.json", "preview-2.mp4", "portraits-2.zip"]
PLAYABILITY: Name = "playability.json"
PREVIEW: Name = "preview-2.mp4"
PORTRAITS: Name = "portraits-2.zip"
REQUESTS: dict[Name, ArtifactRequest] = {
    PLAYABILITY: ArtifactRequest(kind="playability"),
    PREVIEW: ArtifactRequest(kind="preview"),
    PORTRAITS: ArtifactRequest(kind="portraits"),
}
# FFmpeg's long names of the containers that `films.preview.playable` accepts begin so.
MEDIA_TYPES = {"Matroska": "video/webm"}
MP4 = "video/mp4"
# Nobody who uses the browser later shall see it.
HEADERS = {"cache-control": "no-store"}


@dataclass(frozen=True)
class JobVideo:
    """The video of a job, and portraits of its persons."""

    jobs: JobStore
    objects: Objects
    artifacts: JobArtifacts

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of video and portraits."""
        job = "/jobs/{job_id}"
        return [
            authenticated(sessions, f"{job}/footage", self._prepare_video, method="POST"),
            authenticated(sessions, f"{job}/video", self._video),
            authenticated(sessions, f"{job}/portraits", self._order_portraits, method="POST"),
            authenticated(sessions, f"{job}/portraits/{{person}}.png", self._portrait),
        ]

    def _prepare_video(self, request: AuthenticatedRequest) -> Response:
        """Order what is needed to play the video; `address` is where it can be played."""
        job = request.find_job(self.jobs)
        address = f"/console/jobs/{job.id}/video"
        check = _order(self.artifacts, job, PLAYABILITY)
        if check.stage is not ArtifactStage.READY:
            return status_response(check, purpose="playability")
        if self._is_playable(job):
            return status_response(check, purpose="playability", address=address)
        preview = _order(self.artifacts, job, PREVIEW)
        return status_response(preview, purpose="preview", address=address)

    def _order_portraits(self, request: AuthenticatedRequest) -> Response:
        return status_response(_order(self.artifacts, request.find_job(self.jobs), PORTRAITS))

    def _portrait(self, request: AuthenticatedRequest) -> Response:
        path = self.artifacts.path(request.find_job(self.jobs), PORTRAITS)
        if path is None:
            raise Refused("There are no portraits yet.", 404)
        with zipfile.ZipFile(path) as archive:
            try:
                content = archive.read(f"{request.http.path_params['person']}.png")
            except KeyError as error:
                raise Refused("There is no portrait of this person.", 404) from error
        return Response(content, media_type="image/png")

    def _video(self, request: AuthenticatedRequest) -> Response:
        job = request.find_job(self.jobs)
        if self._is_playable(job):
            return self._original(job, request.http.headers.get("range"))
        preview = self.artifacts.path(job, PREVIEW)
        if preview is None:
            raise Refused("There is no preview of this video yet.", 404)
        return FileResponse(preview, media_type=MP4, headers=HEADERS)

    def _is_playable(self, job: Job) -> bool:
        checked = self.artifacts.path(job, PLAYABILITY)
        return checked is not None and bool(msgspec.json.decode(checked.read_bytes())["plays"])

    def _original(self, job: Job, byte_range: str | None) -> Response:
        """Answer with the object itself: a file, or the part that a store gives of it."""
        facts = PinnedObject(self.objects, **job.source).facts()
        container = job.video.container if job.video else ""
        kind = MEDIA_TYPES.get(container.split(" ")[0], MP4)
        etag = f'"{facts.fingerprint[:32]}"'
        if not facts.location.startswith(("http://", "https://")):
            return FileResponse(facts.location, media_type=kind, headers={**HEADERS, "etag": etag})
        part = request_part(facts.location, byte_range)
        headers = {**HEADERS, "accept-ranges": "bytes", **part.headers}
        return StreamingResponse(part.chunks, part.status, headers, kind)


def _order(artifacts: JobArtifacts, job: Job, name: Name) -> ArtifactStatus:
    # Whether a video plays never waits for films.
    return artifacts.order(job, name, REQUESTS[name], is_quick=name == PLAYABILITY)
