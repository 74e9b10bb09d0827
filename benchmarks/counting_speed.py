"""Measure how long counting takes on the results of a long video.

    python -m benchmarks.counting_speed [--sightings N]

People wander at random through a full-HD frame, five at a time, seen 15 times a second:
6.5 million sightings are a day of that.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from benchmarks.speed import MEBIBYTE, RATE
from benchmarks.table import Cell, markdown

from passerby.analytics.heat import heat_map
from passerby.analytics.occupancy import counts_over_time
from passerby.analytics.places import places_of
from passerby.analytics.summary import summarise
from passerby.records import NO_FACE, Faces, Sightings

WIDTH, HEIGHT = 1920, 1080
AT_ONCE = 5
# Frames for which each of them is there, on average: half a minute.
STAY = 450
STEP_PX = 6.0  # standard deviation of a step, pixels

ZONE = {"name": "till", "points": [[600, 300], [1200, 250], [1400, 800], [900, 950], [500, 700]]}
EVERYWHERE = {"name": "frame", "points": [[-9, -9], [2000, -9], [2000, 1100], [-9, 1100]]}
LINE = {"name": "door", "from": [960, 0], "to": [960, 1080]}
SQUARE = [[0, 0], [1920, 0], [1920, 1080], [0, 1080]]
FLOOR = {"pixels": SQUARE, "metres": [[0, 0], [19, 0], [19, 11], [0, 11]]}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sightings", type=int, default=6_500_000)
    asked = parser.parse_args()
    sightings = simulate_wanderers(asked.sightings)
    work: dict[str, Callable[[], object]] = {
        "a zone": lambda: summarise(sightings, places_of({"zones": [ZONE]})),
        "a zone as large as the frame": lambda: summarise(
            sightings, places_of({"zones": [EVERYWHERE]})
        ),
        "a line": lambda: summarise(sightings, places_of({"lines": [LINE]})),
        "walks on a floor": lambda: summarise(sightings, places_of({"floor": FLOOR})),
        "a heat map": lambda: heat_map(sightings, WIDTH, HEIGHT),
        "persons a minute": lambda: counts_over_time(sightings, 60_000),
    }
    rows: list[list[Cell]] = [[name, *_cost(count)] for name, count in work.items()]
    print(markdown([f"{len(sightings):,} sightings", "processor s", "peak MiB"], rows))


def simulate_wanderers(count: int) -> Sightings:
    """Make `count` sightings of people who wander."""
    random = np.random.default_rng(0)
    frames = -(-count // AT_ONCE)
    frame = np.repeat(np.arange(frames), AT_ONCE)
    seat = np.tile(np.arange(AT_ONCE), frames)
    # Who has a seat leaves it to somebody else at random.
    leaves = random.random((frames, AT_ONCE)) < 1 / STAY
    person = (np.cumsum(leaves, axis=0) * AT_ONCE).ravel() + seat
    walk = np.cumsum(random.normal(0, STEP_PX, (frames, AT_ONCE, 2)), axis=0)
    extent = np.array([WIDTH, HEIGHT])
    # To and fro between the borders.
    foot = np.abs((walk + extent / 2) % (2 * extent) - extent).reshape(-1, 2)
    head, feet = foot - np.array([20, 120]), foot + np.array([20, 0])
    xyxy = np.hstack([head, feet]).astype(np.float32)
    rows = slice(count)
    return Sightings(
        person_index=person[rows],
        frame_index=frame[rows],
        timestamp_ms=(frame[rows] * 1000 / RATE).astype(np.int64),
        xyxy=xyxy[rows],
        confidence=np.ones(count, np.float32),
        detected=np.ones(count, np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


def _cost(count: Callable[[], object]) -> tuple[float, int]:
    """Measure processor seconds, and the most MiB held beside the sightings."""
    tracemalloc.start()
    began = time.process_time()
    count()
    seconds = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return seconds, round(peak / MEBIBYTE)


if __name__ == "__main__":
    main()
