"""Heat, counts over time, and what happened at places: numbers of a job's result.

A long result is counted in a process of its own, so that the server stays small:

    python -m passerby.console.statistics < QUESTION > ANSWER
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

Answer = dict[str, Any]

# Counting so many rows takes the server some 50 MB and a fifth of a second.
ROWS_HERE = 200_000
# Such cells are about as wide as a person in a street scene, and 48 x 27 a few kilobytes.
CELLS_ACROSS = 48
CHART_STEPS = 300
LEAST_STEP_MS = 200
LONGEST_SECONDS = 300

_one_at_a_time = threading.Lock()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be counted, and of which result."""

    table: str  # path of its rows in order of time
    what: Literal["heat", "counts", "summary"]
    width: int  # of the upright frame, pixels
    height: int
    duration_ms: int
    places: object = None  # for `summary`: in the form of `analytics.places`


def reckon(question: Question, niceness: int) -> Answer:
    """Answer a question: here, or in a process that stands back if the result is long.

    Raises
    ------
    PlacesError
        If the places make no sense.
    PasserbyError
        If the result cannot be read or counted.
    """
    places_of(question.places or {})
    if row_count(Path(question.table)) <= ROWS_HERE:
        return answer(question)
    runner = ["passerby.processes.low_priority", str(os.getpid()), str(niceness), __name__]
    with _one_at_a_time:
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", *runner],
            input=msgspec.json.encode(question),
            capture_output=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    if ended.returncode != 0:
        raise PasserbyError("The result could not be counted.")
    counted: Answer = msgspec.json.decode(ended.stdout)
    return counted


def answer(question: Question) -> Answer:
    """Answer a question in this process; raises as `reckon`."""
    sightings = read_bodies(Path(question.table))
    match question.what:
        case "heat":
            heat = heat_map(sightings, question.width, question.height, CELLS_ACROSS)
            return {"seconds": np.round(heat, 3).tolist()}
        case "counts":
            # A video may begin later than at 0, and end later.
            until_ms = max(question.duration_ms, int(sightings.timestamp_ms.max(initial=0)) + 1)
            step_ms = max(LEAST_STEP_MS, -(-until_ms // CHART_STEPS))
            counts = counts_over_time(sightings, step_ms, until_ms)
            return {"start_ms": 0, "step_ms": step_ms, "persons": counts.persons.tolist()}
        case "summary":
            return dict(summarise(sightings, places_of(question.places or {})))


def main() -> None:
    """Read a question, write the answer."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(answer(question)))


if __name__ == "__main__":
    main()
