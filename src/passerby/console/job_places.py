"""Zones and lines of a job, what happened there, and statistics of the whole picture."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.errors import JobNotFound
from passerby.files import write_atomically
from passerby.jobs.job import Job, JobState
from passerby.jobs.store import JobStore
from passerby.results.store import Results

NAME = "places.json"
NO_PLACES: dict[str, list[object]] = {"zones": [], "lines": []}
JSON = "application/json"


class ComputeStatistics(Protocol):
    """Function that computes statistics of a job's result."""

    def __call__(
        self, job: Job, kind: Literal["heat", "counts", "summary"], places: object = None
    ) -> dict[str, Any]:
        """Return JSON-ready statistics; raises PlacesError if the places are invalid."""


@dataclass(frozen=True)
class JobPlaces:
    """Zones and lines of a job, and statistics."""

    jobs: JobStore
    results: Results
    folder: Path  # where places are kept, in a folder for each job
    compute_statistics: ComputeStatistics

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of places and statistics."""
        job = "/jobs/{job_id}"
        return [
            authenticated(sessions, f"{job}/places", self._read_places),
            authenticated(sessions, f"{job}/places", self._write_places, method="PUT"),
            authenticated(sessions, f"{job}/summary", self._summary, method="POST"),
            authenticated(sessions, f"{job}/heat", self._heat),
            authenticated(sessions, f"{job}/counts", self._counts),
        ]

    def _read_places(self, request: AuthenticatedRequest) -> Response:
        path = self._path(self._find_finished_job(request))
        with contextlib.suppress(FileNotFoundError):
            return Response(path.read_bytes(), media_type=JSON)
        return JSONResponse(NO_PLACES)

    def _write_places(self, request: AuthenticatedRequest) -> Response:
        path = self._path(self._find_finished_job(request))
        places = _decode_places(request)
        # They are validated by the summary, which refuses invalid ones.
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(places))
        return JSONResponse(places)

    def _summary(self, request: AuthenticatedRequest) -> Response:
        job = self._find_finished_job(request)
        return JSONResponse(self.compute_statistics(job, "summary", _decode_places(request)))

    def _heat(self, request: AuthenticatedRequest) -> Response:
        return self._cached_statistics(request, "heat")

    def _counts(self, request: AuthenticatedRequest) -> Response:
        return self._cached_statistics(request, "counts")

    def _cached_statistics(
        self, request: AuthenticatedRequest, kind: Literal["heat", "counts"]
    ) -> Response:
        """Answer with statistics that never change: they are computed once."""
        job = self._find_finished_job(request)

        def compute(_folder: Path) -> bytes:
            return msgspec.json.encode(self.compute_statistics(job, kind))

        return Response(self.results.read_or_make(job.id, f"{kind}.json", compute), media_type=JSON)

    def _find_finished_job(self, request: AuthenticatedRequest) -> Job:
        job = request.find_job(self.jobs)
        if job.state is not JobState.SUCCEEDED:
            raise JobNotFound("This job has no result.")
        return job

    def _path(self, job: Job) -> Path:
        return self.folder / job.id / NAME


def _decode_places(request: AuthenticatedRequest) -> dict[str, object]:
    """Read the zones and lines that were sent; they are not validated yet."""
    try:
        places = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(f"The request is not valid JSON: {error}") from error
    if not isinstance(places, dict):
        raise Refused("Places must be a JSON object with zones and lines.")
    return places
