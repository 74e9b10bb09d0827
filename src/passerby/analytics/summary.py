"""The counts at all places, of JSON's types only."""

from typing import NotRequired, TypedDict

import numpy as np

from passerby.analytics.anchors import AnchoredPaths
from passerby.analytics.crossings import find_crossings
from passerby.analytics.floor import Floor
from passerby.analytics.occupancy import most_at_once
from passerby.analytics.paths import MS_PER_S, Floats, Ints, Paths
from passerby.analytics.places import Line, Places, Zone
from passerby.analytics.stays import find_stays
from passerby.analytics.walks import measure_walks
from passerby.records import Sightings


class StayFacts(TypedDict):
    """The stay of one person in a zone."""

    person: int
    from_ms: int
    to_ms: int
    entered: bool  # False: the person appeared inside
    left: bool  # False: the person was lost inside


class ZoneSummary(TypedDict):
    """The counts in a zone."""

    name: str
    anchor: str  # where people were taken to be: "foot", "middle", "head" or "foot, middle"
    entries: int  # over the border
    exits: int
    appeared: int  # stays that began without an entry, and
    vanished: int  # ended without an exit
    persons: int  # different ones
    most_at_once: int
    mean_dwell_s: float  # of a person, all of their stays together; 0 without any
    stays: list[StayFacts]  # in order of time


class CrossingFacts(TypedDict):
    """The crossing of a line by one person."""

    person: int
    at_ms: int
    direction: str  # "forward" or "backward"


class LineSummary(TypedDict):
    """The counts at a line."""

    name: str
    anchor: str  # as of a zone
    forward: int  # from its left to its right, seen from its start on the screen
    backward: int
    crossings: list[CrossingFacts]  # in order of time


class WalkFacts(TypedDict):
    """The walk of one person on the floor."""

    person: int
    metres: float
    seconds: float
    mean_speed: float | None  # metres a second
    top_speed: float | None


class Summary(TypedDict):
    """The counts at all places."""

    zones: list[ZoneSummary]
    lines: list[LineSummary]
    walks: NotRequired[list[WalkFacts]]  # where a floor is given
    hint: NotRequired[str]  # where the anchor seems not to suit


def summarise(
    sightings: Sightings, places: Places, frame: tuple[int, int] | None = None
) -> Summary:
    """Count entries, exits, stays and crossings; with a floor, metres too.

    Parameters
    ----------
    sightings : Sightings
    places : Places
    frame : width and height of the upright frame, optional
        Where given, points beyond it are taken to be at its border, and "auto" knows
        where feet are cut off.

    Returns
    -------
    dict
        Of JSON's types only; times are whole milliseconds, rounded.
    """
    return summarise_paths(AnchoredPaths(sightings, places.joined_ms, frame), places)


def summarise_paths(paths: AnchoredPaths, places: Places) -> Summary:
    """Summarise paths that are joined over `places.joined_ms`."""
    counted: Summary = {
        "zones": [_zone(paths, zone, places.hold_ms) for zone in places.zones],
        "lines": [_line(paths, line, places.hold_ms) for line in places.lines],
    }
    if places.floor is not None:
        counted["walks"] = _walks(paths.by("foot"), places.floor)
    anchors = [zone.anchor for zone in places.zones] + [line.anchor for line in places.lines]
    if hint := paths.hint(anchors):
        counted["hint"] = hint
    return counted


def _zone(paths: AnchoredPaths, zone: Zone, hold_ms: float) -> ZoneSummary:
    found = find_stays(paths.by(zone.anchor), zone.points, hold_ms)
    persons = len(np.unique(found.person))
    dwell_s = float((found.to_ms - found.from_ms).sum()) / MS_PER_S
    rows = np.lexsort((found.person, found.from_ms))
    columns = (found.person, _round(found.from_ms), _round(found.to_ms), found.entered, found.left)
    listed = zip(*(column[rows].tolist() for column in columns), strict=True)
    return {
        "name": zone.name,
        "anchor": paths.used(zone.anchor),
        "entries": int(found.entered.sum()),
        "exits": int(found.left.sum()),
        "appeared": int((~found.entered).sum()),
        "vanished": int((~found.left).sum()),
        "persons": persons,
        "most_at_once": most_at_once(found.from_ms, found.to_ms),
        "mean_dwell_s": round(dwell_s / persons, 3) if persons else 0.0,
        "stays": [
            {"person": person, "from_ms": start, "to_ms": end, "entered": entered, "left": left}
            for person, start, end, entered, left in listed
        ],
    }


def _line(paths: AnchoredPaths, line: Line, hold_ms: float) -> LineSummary:
    found = find_crossings(paths.by(line.anchor), line.start, line.end, hold_ms)
    rows = np.lexsort((found.person, found.at_ms))
    columns = (found.person, _round(found.at_ms), found.forward)
    listed = zip(*(column[rows].tolist() for column in columns), strict=True)
    return {
        "name": line.name,
        "anchor": paths.used(line.anchor),
        "forward": int(found.forward.sum()),
        "backward": int((~found.forward).sum()),
        "crossings": [
            {"person": person, "at_ms": at_ms, "direction": "forward" if forward else "backward"}
            for person, at_ms, forward in listed
        ],
    }


def _walks(paths: Paths, floor: Floor) -> list[WalkFacts]:
    found = measure_walks(paths, floor)
    return [
        {
            "person": person,
            "metres": round(metres, 2),
            "seconds": round(seconds, 3),
            "mean_speed": None if np.isnan(mean) else round(mean, 3),
            "top_speed": None if np.isnan(top) else round(top, 3),
        }
        for person, metres, seconds, mean, top in zip(
            *(column.tolist() for column in found), strict=True
        )
    ]


def _round(times_ms: Floats) -> Ints:
    return np.rint(times_ms).astype(np.int64)
