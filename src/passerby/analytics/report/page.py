"""The page of a report: one HTML file without scripts, other files or network."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from passerby.analytics import occupancy
from passerby.analytics.paths import MS_PER_S, Ints
from passerby.analytics.report.path_report import PathReport
from passerby.analytics.report.pictures import Image
from passerby.analytics.report.plots import Plot, bar_plot, clock
from passerby.analytics.report.scene import build_scene
from passerby.analytics.report.templates import render
from passerby.analytics.summary import LineSummary, WalkFacts, ZoneSummary

# Rows of a table that lists persons; all of them stand in its CSV file.
MAX_ROWS = 100

Cell = str | int | float | None


class Table(NamedTuple):
    """A table whose first column is words and whose others are mostly figures."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


class PlaceSection(NamedTuple):
    """The counts at all zones, or at all lines."""

    table: Table
    plots: list[Plot]


class WalkSection(NamedTuple):
    """The longest walks on the floor."""

    words: str
    table: Table


def render_page(report: PathReport, still: Image | None, files: Sequence[str]) -> str:
    """Render the page of a report.

    Parameters
    ----------
    report : PathReport
    still : (height, width, 3) uint8, BGR, or None
        A frame of the video.
    files : sequence of str
        Names of the files beside the page.
    """
    return render(
        "page.html",
        name=report.name,
        video=report.video,
        tiles=_tiles(report),
        scene=build_scene(report, still),
        standalone=False,
        occupancy=_occupancy(report),
        zones=_zones(report),
        lines=_lines(report),
        walks=_walks(report),
        hold_s=report.places.hold_ms / MS_PER_S,
        hint=report.summary.get("hint"),
        absence_s=report.places.joined_ms / MS_PER_S,
        files=files,
    )


def _tiles(report: PathReport) -> list[tuple[str, str]]:
    """List the figures at the head of the page, each with its words."""
    persons = report.persons
    minutes = float(persons.seconds.sum()) / 60
    most = int(report.counts.persons.max(initial=0))
    step_s = report.step_ms / MS_PER_S
    return [
        (f"{len(persons.person):,}", "persons"),
        (f"{minutes:,.1f}", "minutes of all of them together"),
        (f"{most:,}", f"different ones at most within {step_s:g} s"),
        (clock(report.video.duration_ms), "length of the video"),
    ]


def _occupancy(report: PathReport) -> Plot:
    step_s = report.step_ms / MS_PER_S
    title = f"Persons on average, every {step_s:g} s"
    return bar_plot(title, report.counts.mean, report.until_ms)


def _zones(report: PathReport) -> PlaceSection | None:
    zones = report.summary["zones"]
    if not zones:
        return None
    headings = ("zone", "entries", "exits", "appeared", "vanished", "persons", "most at once")
    table = _table((*headings, "mean dwell, s", "anchor"), map(_zone_cells, zones))
    return PlaceSection(table, [_zone_plot(report, zone) for zone in zones])


def _zone_cells(zone: ZoneSummary) -> list[Cell]:
    counts = (zone["entries"], zone["exits"], zone["appeared"], zone["vanished"], zone["persons"])
    return [zone["name"], *counts, zone["most_at_once"], zone["mean_dwell_s"], zone["anchor"]]


def _zone_plot(report: PathReport, zone: ZoneSummary) -> Plot:
    stays = sorted(zone["stays"], key=lambda stay: (stay["person"], stay["from_ms"]))
    person = np.array([stay["person"] for stay in stays], np.int64)
    from_ms = np.array([stay["from_ms"] for stay in stays], np.float64)
    to_ms = np.array([stay["to_ms"] for stay in stays], np.float64)
    counts = occupancy.count_persons(person, from_ms, to_ms, report.step_ms, report.until_ms)
    return bar_plot(f"Persons in {zone['name']}, on average", counts.mean, report.until_ms)


def _lines(report: PathReport) -> PlaceSection | None:
    lines = report.summary["lines"]
    if not lines:
        return None
    table = _table(("line", "forward", "backward", "difference", "anchor"), map(_line_cells, lines))
    return PlaceSection(table, [_line_plot(report, line) for line in lines])


def _line_cells(line: LineSummary) -> list[Cell]:
    forward, backward = line["forward"], line["backward"]
    return [line["name"], forward, backward, forward - backward, line["anchor"]]


def _line_plot(report: PathReport, line: LineSummary) -> Plot:
    forward, backward = (_crossing_counts(report, line, way) for way in ("forward", "backward"))
    title = f"Over {line['name']}: forward upwards, backward downwards"
    return bar_plot(title, forward, report.until_ms, backward)


def _crossing_counts(report: PathReport, line: LineSummary, direction: str) -> Ints:
    """(T,) crossings in one direction, in each step of time."""
    steps = [
        crossing["at_ms"] // report.step_ms
        for crossing in line["crossings"]
        if crossing["direction"] == direction
    ]
    return np.bincount(np.array(steps, np.int64), minlength=len(report.counts.start_ms))


def _walks(report: PathReport) -> WalkSection | None:
    walks = report.summary.get("walks")
    if walks is None:
        return None
    farthest = sorted(walks, key=lambda walk: (-walk["metres"], walk["person"]))[:MAX_ROWS]
    metres = sum(walk["metres"] for walk in walks)
    seconds = sum(walk["seconds"] for walk in walks)
    total = f"{metres:,.0f} m in all, {metres / seconds:.2f} m/s on average. " if seconds else ""
    words = f"{total}Who walked farthest, at most {MAX_ROWS} persons:"
    headings = ("person", "distance, m", "mean speed, m/s", "top speed, m/s")
    return WalkSection(words, _table(headings, map(_walk_cells, farthest)))


def _walk_cells(walk: WalkFacts) -> list[Cell]:
    return [str(walk["person"]), walk["metres"], walk["mean_speed"], walk["top_speed"]]


def _table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    return Table(headings, [[str(first), *map(_figure, rest)] for first, *rest in rows])


def _figure(cell: Cell) -> str:
    if cell is None:
        return "–"  # noqa: RUF001
    if isinstance(cell, str):
        return cell
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}"
