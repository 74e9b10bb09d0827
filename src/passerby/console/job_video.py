"""A job's video in a browser: as it is where the browser plays it, else as a preview.

Whether it does, and the preview, are found out in a process that may decode; so are the
portraits of the people in it.
"""

import zipfile
from dataclasses import asdict

import msgspec
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from passerby.cloud.pinned_object import PinnedObject
from passerby.cloud.relay import request_part
from passerby.console.artifacts import Making, Stage, Standing
from passerby.console.authentication import Visit, visited
from passerby.console.job_dependencies import Work
from passerby.console.job_page import address
from passerby.console.refusal import Refused
from passerby.errors import JobNotFound
from passerby.jobs.job import Job, JobState

LOOK, PREVIEW, PORTRAITS = "look.json", "preview.mp4", "portraits.zip"
WORKS = {
    LOOK: Work(kind="look"),
    PREVIEW: Work(kind="preview"),
    PORTRAITS: Work(kind="portraits"),
}
# FFmpeg's long names of the containers that `films.preview.playable` lets pass begin so.
MEDIA_TYPES = {"Matroska": "video/webm"}
MP4 = "video/mp4"
# It may be kept, but is asked for again: the job may be gone, or the key.
HEADERS = {"cache-control": "private, no-cache"}


def ordered(
    visit: Visit, job: Job, name: str, work: Work, making: Making | None = None
) -> Standing:
    """Have something made of a job, unless it is there."""
    if job.state is not JobState.SUCCEEDED:
        raise JobNotFound("This job has no result.")
    command = visit.desk.job_desk.command(job, work)
    return (making or visit.desk.making).ask(job.id, name, command)


def told(standing: Standing, **more: object) -> Response:
    """How far it is, as the scripts read it."""
    return JSONResponse({**asdict(standing), **more})


def _footage(visit: Visit) -> Response:
    job = visit.job()
    looked = ordered(visit, job, LOOK, WORKS[LOOK], visit.desk.job_desk.looking)
    if looked.stage is not Stage.READY:
        return told(looked, purpose="look")
    video = f"{address(job)}/video"
    if _plays(visit, job):
        return told(looked, purpose="look", address=video)
    return told(ordered(visit, job, PREVIEW, WORKS[PREVIEW]), purpose="preview", address=video)


def _portraits(visit: Visit) -> Response:
    return told(ordered(visit, visit.job(), PORTRAITS, WORKS[PORTRAITS]))


def _portrait(visit: Visit) -> Response:
    path = visit.desk.making.path(visit.job().id, PORTRAITS)
    if path is None:
        raise Refused("There are no portraits yet.", 404)
    with zipfile.ZipFile(path) as archive:
        try:
            content = archive.read(f"{visit.request.path_params['person']}.png")
        except KeyError as error:
            raise Refused("There is no portrait of this person.", 404) from error
    return Response(
        content, media_type="image/png", headers={"cache-control": "private, max-age=3600"}
    )


def _video(visit: Visit) -> Response:
    job = visit.job()
    if _plays(visit, job):
        return _original(visit, job)
    preview = visit.desk.making.path(job.id, PREVIEW)
    if preview is None:
        raise Refused("There is no preview of this video yet.", 404)
    return FileResponse(preview, media_type=MP4, headers=HEADERS)


def _plays(visit: Visit, job: Job) -> bool:
    looked = visit.desk.making.path(job.id, LOOK)
    return looked is not None and bool(msgspec.json.decode(looked.read_bytes())["plays"])


def _original(visit: Visit, job: Job) -> Response:
    """The object itself: a file, or what a store gives of it."""
    facts = PinnedObject(visit.desk.buckets, **job.source).facts()
    container = job.video.container if job.video else ""
    kind = MEDIA_TYPES.get(container.split(" ")[0], MP4)
    etag = f'"{facts.fingerprint[:32]}"'
    if not facts.location.startswith(("http://", "https://")):
        return FileResponse(facts.location, media_type=kind, headers={**HEADERS, "etag": etag})
    part = request_part(facts.location, visit.request.headers.get("range"))
    headers = {**HEADERS, "accept-ranges": "bytes", **part.headers}
    return StreamingResponse(part.chunks, part.status, headers, kind)


ROUTES = (
    visited("/jobs/{job_id}/footage", _footage, method="POST"),
    visited("/jobs/{job_id}/video", _video),
    visited("/jobs/{job_id}/portraits", _portraits, method="POST"),
    visited("/jobs/{job_id}/portraits/{person}.png", _portrait),
)
