"""A report as one HTML file that needs nothing else: no script, no other file, no network."""

from collections.abc import Iterable, Sequence
from importlib import resources

import numpy as np

from passerby.analytics import occupancy
from passerby.analytics.paths import MS_PER_S
from passerby.analytics.report.markup import Markup, joined, tag
from passerby.analytics.report.path_report import Report
from passerby.analytics.report.pictures import Image
from passerby.analytics.report.plots import bars, clock
from passerby.analytics.report.scene import scene, style
from passerby.analytics.summary import LineSummary, WalkFacts, ZoneSummary

# Rows of a table that lists persons; all of them stand in its CSV file.
MOST_ROWS = 100

Cell = str | int | float | None


def page_of(report: Report, still: Image | None, files: Sequence[str]) -> str:
    """Write the page.

    Parameters
    ----------
    report : Report
    still : (height, width, 3) uint8, BGR, or None
        A frame of the video.
    files : sequence of str
        What lies beside the page.
    """
    sections = [
        _head(report),
        tag("section", tag("h2", "The scene"), scene(report, still), _scene_notes()),
        tag("section", tag("h2", "People in the picture"), _people(report)),
        *_zones(report),
        *_lines(report),
        *_walks(report),
        tag("section", tag("h2", "How it was counted"), _rules(report)),
        tag("section", tag("h2", "The numbers"), _files(files)),
    ]
    own_style = (resources.files("passerby.analytics.report") / "report.css").read_text("utf-8")
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{report.name}: paths"),
        tag("style", Markup(own_style), style()),
    ]
    page = tag("html", tag("head", *head), tag("body", tag("main", *sections)), lang="en")
    return f"<!doctype html>\n{page}\n"


def _head(report: Report) -> Markup:
    video, persons = report.video, report.persons
    minutes = float(persons.seconds.sum()) / 60
    most = int(report.counts.persons.max(initial=0))
    step_s = report.step_ms / MS_PER_S
    form = f"{video.width} × {video.height} pixels, {video.frame_rate:.4g} frames a second"  # noqa: RUF001
    facts = [
        (f"{len(persons.person):,}", "persons"),
        (f"{minutes:,.1f}", "minutes of all of them together"),
        (f"{most:,}", f"different ones at most within {step_s:g} s"),
        (clock(video.duration_ms), "length of the video"),
    ]
    tiles = [tag("div", tag("strong", value), tag("span", words)) for value, words in facts]
    return tag("header", tag("h1", report.name), tag("p", form), tag("div", *tiles, class_="tiles"))


def _scene_notes() -> Markup:
    return tag(
        "p",
        "Heat: the brighter, the longer people stood there. Flow: the mean way of all who "
        "passed, the longer the arrow the faster. A line's small arrow leads forward.",
        class_="note",
    )


def _people(report: Report) -> Markup:
    step_s = report.step_ms / MS_PER_S
    title = f"Persons on average, every {step_s:g} s"
    return bars(title, report.counts.mean, report.until_ms)


def _zones(report: Report) -> list[Markup]:
    zones = report.summary["zones"]
    if not zones:
        return []
    headings = ("zone", "entries", "exits", "appeared", "vanished", "persons", "most at once")
    table = _table((*headings, "mean dwell, s"), (_zone_cells(zone) for zone in zones))
    plots = [_zone_plot(report, zone) for zone in zones]
    return [tag("section", tag("h2", "Zones"), table, *plots)]


def _zone_cells(zone: ZoneSummary) -> list[Cell]:
    counts = (zone["entries"], zone["exits"], zone["appeared"], zone["vanished"], zone["persons"])
    return [zone["name"], *counts, zone["most_at_once"], zone["mean_dwell_s"]]


def _zone_plot(report: Report, zone: ZoneSummary) -> Markup:
    stays = sorted(zone["stays"], key=lambda stay: (stay["person"], stay["from_ms"]))
    person = np.array([stay["person"] for stay in stays], np.int64)
    from_ms = np.array([stay["from_ms"] for stay in stays], np.float64)
    to_ms = np.array([stay["to_ms"] for stay in stays], np.float64)
    counts = occupancy.count(person, from_ms, to_ms, report.step_ms, report.until_ms)
    return bars(f"Persons in {zone['name']}, on average", counts.mean, report.until_ms)


def _lines(report: Report) -> list[Markup]:
    lines = report.summary["lines"]
    if not lines:
        return []
    table = _table(
        ("line", "forward", "backward", "difference"),
        (
            [line["name"], line["forward"], line["backward"], line["forward"] - line["backward"]]
            for line in lines
        ),
    )
    plots = [_line_plot(report, line) for line in lines]
    return [tag("section", tag("h2", "Lines"), table, *plots)]


def _line_plot(report: Report, line: LineSummary) -> Markup:
    steps = len(report.counts.start_ms)
    counted = {
        direction: np.bincount(
            np.array(
                [
                    crossing["at_ms"] // report.step_ms
                    for crossing in line["crossings"]
                    if crossing["direction"] == direction
                ],
                np.int64,
            ),
            minlength=steps,
        )
        for direction in ("forward", "backward")
    }
    title = f"Over {line['name']}: forward upwards, backward downwards"
    return bars(title, counted["forward"], report.until_ms, counted["backward"])


def _walks(report: Report) -> list[Markup]:
    walks = report.summary.get("walks")
    if walks is None:
        return []
    farthest = sorted(walks, key=lambda walk: (-walk["metres"], walk["person"]))[:MOST_ROWS]
    metres = sum(walk["metres"] for walk in walks)
    seconds = sum(walk["seconds"] for walk in walks)
    told = f"{metres:,.0f} m in all, {metres / seconds:.2f} m/s on average. " if seconds else ""
    words = f"{told}Who walked farthest, at most {MOST_ROWS} persons:"
    headings = ("person", "distance, m", "mean speed, m/s", "top speed, m/s")
    table = _table(headings, map(_walk_cells, farthest))
    return [tag("section", tag("h2", "On the floor"), tag("p", words), table)]


def _walk_cells(walk: WalkFacts) -> list[Cell]:
    return [str(walk["person"]), walk["metres"], walk["mean_speed"], walk["top_speed"]]


def _rules(report: Report) -> Markup:
    hold_s = report.places.hold_ms / MS_PER_S
    absence_s = report.places.joined_ms / MS_PER_S
    rules = (
        "A person stands where the lower edge of their box has its middle. Who was seen by the "
        "face alone stands nowhere.\n"
        f"Less than {hold_s:g} s inside a zone is no stay, and less than that outside does not "
        "end one. Who crosses a line and is back within that time has not crossed it.\n"
        f"An absence of up to {absence_s:g} s is bridged by a straight way. After a longer one "
        "a person appears anew: no entry, no crossing.\n"
        "Appeared and vanished: stays that began or ended without anybody crossing the border."
    )
    return tag("ul", *(tag("li", rule) for rule in rules.split("\n")))


def _files(files: Iterable[str]) -> Markup:
    links = [tag("li", tag("a", name, href=name)) for name in files]
    return joined(tag("p", "Beside this page:"), tag("ul", *links))


def _table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Markup:
    """A table whose first column is words and whose others are figures."""
    head = tag("tr", *(tag("th", words, scope="col") for words in headings))
    body = [
        tag("tr", tag("th", str(first), scope="row"), *(tag("td", _figure(cell)) for cell in rest))
        for first, *rest in rows
    ]
    table = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", table, class_="wide", tabindex=0)


def _figure(cell: Cell) -> str:
    if cell is None:
        return "–"  # noqa: RUF001
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}"
