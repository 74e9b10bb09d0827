"""A job's result as the scripts of its page read it: sightings in an interval, and timelines."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.jobs.store import JobStore
from passerby.records import NO_FACE, Sightings
from passerby.results.store import Results
from passerby.results.timelines import PersonTimeline, timelines

# A response for a longer interval would have some megabytes where many people are about.
LONGEST_MS = 10_000
SHOWN_POINTS = 5  # of a face: the first of `records.LANDMARKS`
DECIMALS = 2  # of a pixel

JSON = "application/json"


@dataclass(frozen=True)
class JobPaths:
    """Sightings and timelines of a job."""

    jobs: JobStore
    results: Results

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of the result."""
        return [
            authenticated(sessions, "/jobs/{job_id}/paths", self._sightings),
            authenticated(sessions, "/jobs/{job_id}/persons", self._timelines),
        ]

    def _sightings(self, request: AuthenticatedRequest) -> Response:
        job = request.find_job(self.jobs)
        from_ms, to_ms = (_milliseconds(request, name) for name in ("from_ms", "to_ms"))
        if not 0 <= to_ms - from_ms <= LONGEST_MS:
            raise Refused(f"The interval must be from 0 to {LONGEST_MS} ms long.")
        return JSONResponse(rows(self.results.between(job.id, from_ms, to_ms)))

    def _timelines(self, request: AuthenticatedRequest) -> Response:
        job = request.find_job(self.jobs)
        content = self.results.read_or_make(job.id, "persons.json", _encode_timelines)
        return Response(content, media_type=JSON)


def rows(sightings: Sightings) -> dict[str, object]:
    """Return sightings as parallel lists, with arrays of several columns laid out flat.

    `box` has null where only the face was seen; `face` is the row of `face_box` and
    `face_points`, or -1.
    """
    faces = sightings.faces
    boxes = _round(sightings.xyxy)
    return {
        "time": sightings.timestamp_ms.tolist(),
        "frame": sightings.frame_index.tolist(),
        "person": sightings.person_index.tolist(),
        "box": [None if side != side else side for side in boxes],  # noqa: PLR0124 - NaN
        "detected": sightings.detected.astype(int).tolist(),
        "face": np.where(sightings.face == NO_FACE, -1, sightings.face).tolist(),
        "face_box": _round(faces.xyxy),
        "face_points": _round(faces.landmarks[:, :SHOWN_POINTS]),
    }


def _round(values: NDArray[np.float32]) -> list[float]:
    flat: list[float] = np.round(values.astype(np.float64), DECIMALS).ravel().tolist()
    return flat


def _encode_timelines(folder: Path) -> bytes:
    persons = [_timeline_facts(timeline) for timeline in timelines(folder / "index.parquet")]
    return msgspec.json.encode({"persons": persons})


def _timeline_facts(timeline: PersonTimeline) -> dict[str, object]:
    return {
        "person": timeline.person_index,
        "first_ms": timeline.first_ms,
        "last_ms": timeline.last_ms,
        "seen": timeline.seen.ravel().tolist(),
        "filled": timeline.filled.ravel().tolist(),
        "face": timeline.face.ravel().tolist(),
    }


def _milliseconds(request: AuthenticatedRequest, name: str) -> int:
    try:
        return int(request.http.query_params[name])
    except (KeyError, ValueError) as error:
        raise Refused(f"{name} must be a whole number of milliseconds.") from error
