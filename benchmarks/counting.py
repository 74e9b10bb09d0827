"""Compare counted entries, exits, crossings and time in zones with the truth.

    python -m benchmarks.counting [--data FOLDER] [--parts N ...]

Where to count is fixed by a rule: the frame is cut into N x N equal zones, and the lines
are the borders between its columns and between its rows, right through the frame. The
same places, the same rules, once for the true boxes and once for what was found.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from benchmarks.footage import sequences, video_of
from benchmarks.speed import RATE, run
from benchmarks.table import Cell, markdown

from passerby import boxes
from passerby.analytics.paths import MS_PER_S
from passerby.analytics.places import Places, places_of
from passerby.analytics.summary import summarise
from passerby.evaluation.sequence import CLASSED_BENCHMARKS, PEDESTRIAN
from passerby.motfile import read_detections, read_frame_rate, read_rows
from passerby.pathing.link import link_boxes
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.results.tables import read_table
from passerby.video.probe import probe

FIGURES = ("entries", "exits", "crossings", "s in zones")
PARTS = (2, 3, 4)
# Share of a person that others and things leave to be seen.
IN_SIGHT = 0.25

Counts = Counter[str]


def main() -> None:
    """Print one table a way of finding people."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--parts", type=int, nargs="+", default=PARTS, help="of each side")
    asked = parser.parse_args()
    found = sequences(asked.data)
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        tracked = {sequence: _track(sequence, Path(out)) for sequence in found}
    linked = {sequence: _link(sequence) for sequence in found}
    for heading, results in (("passerby track", tracked), ("passerby link", linked)):
        print(f"### `{heading}`\n\n{_table(results, asked.parts)}\n", flush=True)


def _table(results: Mapping[Path, Sightings], parts: Iterable[int]) -> str:
    """Write a row a sequence, and one for all; each figure as found, of the true one."""
    rows: list[list[Cell]] = []
    for count in parts:
        pairs = {
            sequence.name: _pair(sequence, found, count) for sequence, found in results.items()
        }
        sides = zip(*pairs.values(), strict=True)
        true, found = (sum(side, Counts()) for side in sides)
        in_sight = {
            f"{sequence.name}, in sight": _pair(sequence, results[sequence], count, IN_SIGHT)
            for sequence in results
            if sequence.name.startswith(CLASSED_BENCHMARKS)
        }
        for name, pair in (pairs | {"all": (true, found)} | in_sight).items():
            figures = [_compare(*(side[figure] for side in pair)) for figure in FIGURES]
            rows.append([name, f"{count} x {count}", *figures])
    return markdown(["sequence", "zones", *FIGURES], rows)


def _compare(true: float, found: float) -> str:
    share = f" ({100 * (found / true - 1):+.1f} %)" if true else ""
    return f"{found:,.0f} of {true:,.0f}{share}"


def _pair(
    sequence: Path, found: Sightings, parts: int, least_visibility: float = 0.0
) -> tuple[Counts, Counts]:
    """Count in the truth and in what was found."""
    video = probe(str(video_of(sequence)))
    places = checkered_places(video.width, video.height, parts)
    truth = truth_of(sequence, video, least_visibility)
    frame = video.width, video.height
    return count_in_places(truth, places, frame), count_in_places(found, places, frame)


def checkered_places(width: int, height: int, parts: int) -> Places:
    """Cover the frame with equal zones, and draw the lines between them."""
    xs, ys = (np.linspace(0, extent, parts + 1).tolist() for extent in (width, height))
    zones = [
        {
            "name": f"{column} {row}",
            "points": [[x, y] for x, y in ((left, top), (right, top), (right, low), (left, low))],
        }
        for column, (left, right) in enumerate(pairwise(xs))
        for row, (top, low) in enumerate(pairwise(ys))
    ]
    upright = [{"name": f"x {x:.0f}", "from": [x, ys[0]], "to": [x, ys[-1]]} for x in xs[1:-1]]
    level = [{"name": f"y {y:.0f}", "from": [xs[0], y], "to": [xs[-1], y]} for y in ys[1:-1]]
    return places_of({"zones": zones, "lines": upright + level})


def count_in_places(sightings: Sightings, places: Places, frame: tuple[int, int]) -> Counts:
    """Count in each place, and sum over all of them."""
    found = summarise(sightings, places, frame)
    counts = Counts()
    for zone in found["zones"]:
        counts["entries"] += zone["entries"]
        counts["exits"] += zone["exits"]
    stays = [stay for zone in found["zones"] for stay in zone["stays"]]
    stays_ms = sum(stay["to_ms"] - stay["from_ms"] for stay in stays)
    counts["s in zones"] = round(stays_ms / MS_PER_S)
    for line in found["lines"]:
        counts["crossings"] += line["forward"] + line["backward"]
    return counts


def truth_of(sequence: Path, video: VideoInfo, least_visibility: float = 0.0) -> Sightings:
    """Read the true boxes that count, cut at the frame's border as found ones are.

    `least_visibility`, a share, matters only where the truth tells how much is in sight.
    """
    rows = read_rows(sequence / "gt" / "gt.txt")
    counts = rows.confidence != 0
    if sequence.name.startswith(CLASSED_BENCHMARKS):
        category, visibility = rows.trailing.T
        counts &= (category == PEDESTRIAN) & (visibility >= least_visibility)
    rows = rows.at(np.flatnonzero(counts)[np.lexsort((rows.track_id[counts], rows.frame[counts]))])
    frame_rate = read_frame_rate(sequence / "seqinfo.ini")
    return Sightings(
        person_index=rows.track_id,
        frame_index=rows.frame - 1,
        timestamp_ms=((rows.frame - 1) * MS_PER_S / frame_rate).astype(np.int64),
        xyxy=boxes.clip(rows.xyxy, video.width, video.height).astype(np.float32),
        confidence=np.ones(len(rows), np.float32),
        detected=np.ones(len(rows), np.bool_),
        face=np.full(len(rows), NO_FACE),
        faces=Faces.none(),
    )


def _track(sequence: Path, out: Path) -> Sightings:
    """Track a sequence as `passerby track` does."""
    run(video_of(sequence), out, RATE)
    return read_table(out / f"{sequence.name}.parquet")


def _link(sequence: Path) -> Sightings:
    """Link the boxes of `det.txt` as `passerby link` does."""
    frame_rate = read_frame_rate(sequence / "seqinfo.ini")
    observed = read_detections(sequence / "det.txt").as_observations(frame_rate)
    video = probe(str(video_of(sequence)))
    return link_boxes(observed, video.width, video.height)


if __name__ == "__main__":
    main()
