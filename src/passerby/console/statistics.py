"""Statistics of a job's result: heat map, persons over time, and what happened at places.

Those of a long result are computed in a process of its own, so that the server stays small:

    python -m passerby.console.statistics < REQUEST > STATISTICS
"""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from passerby.analytics.heat import heat_map
from passerby.analytics.occupancy import counts_over_time
from passerby.analytics.places import places_of
from passerby.analytics.summary import summarise
from passerby.errors import PasserbyError
from passerby.results.bodies import read_bodies
from passerby.results.tables import row_count

# So many rows take the server some 50 MB and a fifth of a second.
INLINE_ROWS_LIMIT = 200_000
# Such cells are about as wide as a person in a street scene, and 48 x 27 a few kilobytes.
CELLS_ACROSS = 48
CHART_STEPS = 300
LEAST_STEP_MS = 200
TIMEOUT_SECONDS = 300

_one_at_a_time = threading.Lock()


class StatisticsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics that are wanted, and the result to compute them from."""

    table: str  # path of its rows in order of time
    kind: Literal["heat", "counts", "summary"]
    width: int  # of the upright frame, pixels
    height: int
    duration_ms: int
    places: object = None  # for `summary`: in the form of `analytics.places`


def compute(request: StatisticsRequest, niceness: int) -> dict[str, Any]:
    """Compute statistics: here, or in a low-priority process if the result is long.

    Raises
    ------
    PlacesError
        If the places are invalid.
    PasserbyError
        If the result cannot be read, or the process fails.
    """
    places_of(request.places or {})
    if row_count(Path(request.table)) <= INLINE_ROWS_LIMIT:
        return compute_here(request)
    runner = ["passerby.processes.low_priority", str(os.getpid()), str(niceness), __name__]
    with _one_at_a_time:
        process = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", *runner],
            input=msgspec.json.encode(request),
            capture_output=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    if process.returncode != 0:
        raise PasserbyError("The statistics could not be computed.")
    statistics: dict[str, Any] = msgspec.json.decode(process.stdout)
    return statistics


def compute_here(request: StatisticsRequest) -> dict[str, Any]:
    """Compute statistics in this process; raises as `compute`."""
    sightings = read_bodies(Path(request.table))
    match request.kind:
        case "heat":
            heat = heat_map(sightings, request.width, request.height, CELLS_ACROSS)
            return {"seconds": np.round(heat, 3).tolist()}
        case "counts":
            # A video may begin later than at 0, and end later.
            last_ms = int(sightings.timestamp_ms.max(initial=0))
            until_ms = max(request.duration_ms, last_ms + 1)
            step_ms = max(LEAST_STEP_MS, -(-until_ms // CHART_STEPS))
            counts = counts_over_time(sightings, step_ms, until_ms)
            return {"start_ms": 0, "step_ms": step_ms, "persons": counts.persons.tolist()}
        case "summary":
            frame = request.width, request.height
            return dict(summarise(sightings, places_of(request.places or {}), frame))


def main() -> None:
    """Read a request from standard input, and write its statistics to standard output."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=StatisticsRequest)
    sys.stdout.buffer.write(msgspec.json.encode(compute_here(request)))


if __name__ == "__main__":
    main()
