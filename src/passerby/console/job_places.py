"""Zones and lines of a job, what happened there, and numbers of the whole picture."""

import contextlib
from pathlib import Path

import msgspec
from starlette.responses import JSONResponse, Response

from passerby.console.authentication import Visit, visited
from passerby.console.job_dependencies import Wanted
from passerby.console.refusal import Refused
from passerby.errors import JobNotFound
from passerby.files import write_atomically
from passerby.jobs.job import Job, JobState

NAME = "places.json"
NOTHING: dict[str, list[object]] = {"zones": [], "lines": []}
JSON = "application/json"


def _places(visit: Visit) -> Response:
    path = _path(visit, _found(visit))
    with contextlib.suppress(FileNotFoundError):
        return Response(path.read_bytes(), media_type=JSON)
    return JSONResponse(NOTHING)


def _keep_places(visit: Visit) -> Response:
    job = _found(visit)
    given = _given(visit)
    # Whether they make sense, those know who count: the summary of a bad one is refused.
    path = _path(visit, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, msgspec.json.encode(given))
    return JSONResponse(given)


def _summary(visit: Visit) -> Response:
    job = _found(visit)
    return JSONResponse(visit.desk.job_desk.reckon(job, Wanted("summary", _given(visit))))


def _heat(visit: Visit) -> Response:
    return _remembered(visit, Wanted("heat"))


def _counts(visit: Visit) -> Response:
    return _remembered(visit, Wanted("counts"))


def _remembered(visit: Visit, wanted: Wanted) -> Response:
    """Numbers that stay the same, counted once."""
    job = _found(visit)

    def count(_folder: Path) -> bytes:
        return msgspec.json.encode(visit.desk.job_desk.reckon(job, wanted))

    content = visit.desk.results.remembered(job.id, f"{wanted.what}.json", count)
    return Response(content, media_type=JSON)


def _found(visit: Visit) -> Job:
    job = visit.job()
    if job.state is not JobState.SUCCEEDED:
        raise JobNotFound("This job has no result.")
    return job


def _given(visit: Visit) -> dict[str, object]:
    """Zones and lines that were sent, not yet looked at closely."""
    try:
        given = msgspec.json.decode(visit.body)
    except msgspec.DecodeError as error:
        raise Refused(f"That is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise Refused("Places are a table with zones and lines.")
    return given


def _path(visit: Visit, job: Job) -> Path:
    return visit.desk.pictures / job.id / NAME


ROUTES = (
    visited("/jobs/{job_id}/places", _places),
    visited("/jobs/{job_id}/places", _keep_places, method="PUT"),
    visited("/jobs/{job_id}/summary", _summary, method="POST"),
    visited("/jobs/{job_id}/heat", _heat),
    visited("/jobs/{job_id}/counts", _counts),
)
