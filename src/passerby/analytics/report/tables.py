"""The numbers of a report as CSV, for other programs."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from passerby.analytics.grid import Grid
from passerby.analytics.paths import MS_PER_S, Floats
from passerby.analytics.report.path_report import PathReport
from passerby.analytics.summary import ZoneSummary

CsvTable = tuple[tuple[str, ...], Iterable[Iterable[object]]]  # headings, rows

# Of the files, in this order.
NAMES = (
    "zones.csv",
    "stays.csv",
    "dwell.csv",
    "lines.csv",
    "crossings.csv",
    "persons.csv",
    "occupancy.csv",
    "heat.csv",
    "flow.csv",
)

ZONE = (
    "entries",
    "exits",
    "appeared",
    "vanished",
    "persons",
    "most_at_once",
    "mean_dwell_s",
    "anchor",
)
STAY = ("person", "from_ms", "to_ms", "entered", "left")
WALK = ("metres", "mean_speed", "top_speed")


# What makes a spreadsheet compute a cell, or what some strip before they look; full-width
# forms of the first are read alike where Chinese or Japanese is written.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def build_tables(report: PathReport) -> Mapping[str, CsvTable]:
    """Build all tables, by the name of their file."""
    zones, lines = report.summary["zones"], report.summary["lines"]
    return {
        "zones.csv": (("zone", *ZONE), ([zone["name"], *map(zone.get, ZONE)] for zone in zones)),
        "stays.csv": (
            ("zone", *STAY),
            ([zone["name"], *map(stay.get, STAY)] for zone in zones for stay in zone["stays"]),
        ),
        "dwell.csv": (
            ("zone", "person", "stays", "seconds"),
            (row for zone in zones for row in _dwell(zone)),
        ),
        "lines.csv": (
            ("line", "forward", "backward", "anchor"),
            ([line["name"], line["forward"], line["backward"], line["anchor"]] for line in lines),
        ),
        "crossings.csv": (
            ("line", "person", "at_ms", "direction"),
            (
                [line["name"], crossing["person"], crossing["at_ms"], crossing["direction"]]
                for line in lines
                for crossing in line["crossings"]
            ),
        ),
        "persons.csv": _persons(report),
        "occupancy.csv": _occupancy(report),
        "heat.csv": _cells(report.heat_grid, {"seconds": report.heat}),
        "flow.csv": _cells(
            report.flow_grid,
            {
                "seconds": report.flow.seconds,
                "right_px_s": report.flow.velocity[..., 0],
                "down_px_s": report.flow.velocity[..., 1],
            },
        ),
    }


def write_tables(report: PathReport, folder: Path) -> None:
    """Write all tables; unknown values are left empty.

    Words that a spreadsheet would take for a formula begin with an apostrophe.
    """
    for name, (headings, rows) in build_tables(report).items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headings)
            writer.writerows(map(_without_formula, row) for row in rows)


def _without_formula(cell: object) -> object:
    """Return what a spreadsheet shows and does not compute; numbers stay numbers.

    Source: OWASP, "CSV Injection".
    """
    if not isinstance(cell, str):
        return cell
    words = cell.replace("\r", " ")  # which Python's writer does not quote
    return f"'{words}" if cell.startswith(FORMULA_STARTS) else words


def _dwell(zone: ZoneSummary) -> Iterator[list[object]]:
    """Yield a row for each person: all of their stays together."""
    lengths_ms = defaultdict[int, list[int]](list)
    for stay in zone["stays"]:
        lengths_ms[stay["person"]].append(stay["to_ms"] - stay["from_ms"])
    for person, own_ms in sorted(lengths_ms.items()):
        yield [zone["name"], person, len(own_ms), sum(own_ms) / MS_PER_S]


def _persons(report: PathReport) -> CsvTable:
    walked = {
        walk["person"]: (walk["metres"], walk["mean_speed"], walk["top_speed"])
        for walk in report.summary.get("walks", [])
    }
    seconds = np.round(report.persons.seconds, 3).tolist()
    known = zip(*(column.tolist() for column in report.persons[:3]), seconds, strict=True)
    rows = ([*row, *walked.get(row[0], (None, None, None))] for row in known)
    return ("person", "first_ms", "last_ms", "seconds", *WALK), rows


def _occupancy(report: PathReport) -> CsvTable:
    counts = report.counts
    columns = (counts.start_ms, counts.persons, np.round(counts.mean, 3))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return ("start_ms", "persons", "mean"), rows


def _cells(grid: Grid, values: Mapping[str, Floats]) -> CsvTable:
    """Build a table with a row for each cell: its middle, pixels, and its values."""
    row, column = np.divmod(np.arange(grid.rows * grid.cells_across), grid.cells_across)
    middles = [np.round((place + 0.5) * grid.side, 2) for place in (column, row)]
    columns = [*middles, *(np.round(array.ravel(), 3) for array in values.values())]
    rows = zip(*(_without_nan(column) for column in columns), strict=True)
    return ("x", "y", *values), rows


def _without_nan(column: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in column.tolist()]
