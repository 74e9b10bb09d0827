"""A job's result as the scripts of its page read it: rows of a stretch of time, and lives."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response

from passerby.console.authentication import Visit, visited
from passerby.console.refusal import Refused
from passerby.records import NO_FACE, Sightings
from passerby.results.timelines import PersonTimeline, timelines

# Longer stretches would make an answer of some megabytes where many people are about.
LONGEST_MS = 10_000
SHOWN_POINTS = 5  # of a face: the first of `records.LANDMARKS`
DECIMALS = 2  # of a pixel

JSON = "application/json"


def _paths(visit: Visit) -> Response:
    job = visit.job()
    from_ms, to_ms = (_number(visit, name) for name in ("from_ms", "to_ms"))
    if not 0 <= to_ms - from_ms <= LONGEST_MS:
        raise Refused(f"A stretch of at most {LONGEST_MS} ms can be had at a time.")
    return JSONResponse(rows(visit.desk.results.between(job.id, from_ms, to_ms)))


def rows(sightings: Sightings) -> dict[str, object]:
    """Sightings as parallel lists; what is made of several numbers is laid out flat.

    `box` has null where only the face was seen; `face` is the row of `face_box` and
    `face_points`, or -1.
    """
    faces = sightings.faces
    boxes = _rounded(sightings.xyxy)
    return {
        "time": sightings.timestamp_ms.tolist(),
        "frame": sightings.frame_index.tolist(),
        "person": sightings.person_index.tolist(),
        "box": [None if side != side else side for side in boxes],  # noqa: PLR0124 - NaN
        "detected": sightings.detected.astype(int).tolist(),
        "face": np.where(sightings.face == NO_FACE, -1, sightings.face).tolist(),
        "face_box": _rounded(faces.xyxy),
        "face_points": _rounded(faces.landmarks[:, :SHOWN_POINTS]),
    }


def _rounded(values: NDArray[np.float32]) -> list[float]:
    flat: list[float] = np.round(values.astype(np.float64), DECIMALS).ravel().tolist()
    return flat


def _persons(visit: Visit) -> Response:
    job = visit.job()
    content = visit.desk.results.remembered(job.id, "persons.json", _written_lives)
    return Response(content, media_type=JSON)


def _written_lives(folder: Path) -> bytes:
    persons = [_life_facts(life) for life in timelines(folder / "index.parquet")]
    return msgspec.json.encode({"persons": persons})


def _life_facts(life: PersonTimeline) -> dict[str, object]:
    return {
        "person": life.person_index,
        "first_ms": life.first_ms,
        "last_ms": life.last_ms,
        "seen": life.seen.ravel().tolist(),
        "filled": life.filled.ravel().tolist(),
        "face": life.face.ravel().tolist(),
    }


def _number(visit: Visit, name: str) -> int:
    try:
        return int(visit.request.query_params[name])
    except (KeyError, ValueError) as error:
        raise Refused(f"{name} must be a whole number of milliseconds.") from error


ROUTES = (
    visited("/jobs/{job_id}/paths", _paths),
    visited("/jobs/{job_id}/persons", _persons),
)
