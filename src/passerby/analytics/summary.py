"""All counts at some places, ready to be written as JSON."""

from typing import NotRequired, TypedDict

import numpy as np

from passerby.analytics.crossings import crossings
from passerby.analytics.floor import Floor
from passerby.analytics.occupancy import most_at_once
from passerby.analytics.paths import MS_PER_S, Floats, Ints, Paths, paths_of
from passerby.analytics.places import Line, Places, Zone
from passerby.analytics.stays import stays
from passerby.analytics.walks import walks
from passerby.records import Sightings


class StayFacts(TypedDict):
    """One person in a zone, from its border or the first sighting to the last or the border."""

    person: int
    from_ms: int
    to_ms: int
    entered: bool  # False: the person appeared inside
    left: bool  # False: the person was lost inside


class ZoneSummary(TypedDict):
    """What happened in a zone."""

    name: str
    entries: int  # over the border
    exits: int
    appeared: int  # stays that began without an entry, and
    vanished: int  # ended without an exit
    persons: int  # different ones
    most_at_once: int
    mean_dwell_s: float  # of a person, all of their stays together; 0 without any
    stays: list[StayFacts]  # in order of time


class CrossingFacts(TypedDict):
    """One person over a line."""

    person: int
    at_ms: int
    direction: str  # "forward" or "backward"


class LineSummary(TypedDict):
    """What happened at a line."""

    name: str
    forward: int  # from its left to its right, seen from its start on the screen
    backward: int
    crossings: list[CrossingFacts]  # in order of time


class WalkFacts(TypedDict):
    """One person on the floor."""

    person: int
    metres: float
    seconds: float
    mean_speed: float | None  # metres a second
    top_speed: float | None


class Summary(TypedDict):
    """What happened at all places."""

    zones: list[ZoneSummary]
    lines: list[LineSummary]
    walks: NotRequired[list[WalkFacts]]  # where a floor is given


def summarise(
    sightings: Sightings, places: Places, frame: tuple[int, int] | None = None
) -> Summary:
    """Count entries, exits, stays and crossings; with a floor, metres too.

    Parameters
    ----------
    sightings : Sightings
    places : Places
    frame : width and height of the upright frame, optional
        Where given, feet beyond it are taken to stand at its border.

    Returns
    -------
    dict
        Of JSON's types only; times are whole milliseconds, rounded.
    """
    return summary_of(paths_of(sightings, places.joined_ms, frame), places)


def summary_of(paths: Paths, places: Places) -> Summary:
    """As `summarise`, of paths that are laid out already, joined over `places.joined_ms`."""
    counted: Summary = {
        "zones": [_zone(paths, zone, places.hold_ms) for zone in places.zones],
        "lines": [_line(paths, line, places.hold_ms) for line in places.lines],
    }
    return counted if places.floor is None else {**counted, "walks": _walks(paths, places.floor)}


def _zone(paths: Paths, zone: Zone, hold_ms: float) -> ZoneSummary:
    found = stays(paths, zone.points, hold_ms)
    persons = len(np.unique(found.person))
    dwell_s = float((found.to_ms - found.from_ms).sum()) / MS_PER_S
    rows = np.lexsort((found.person, found.from_ms))
    columns = (found.person, _whole(found.from_ms), _whole(found.to_ms), found.entered, found.left)
    listed = zip(*(column[rows].tolist() for column in columns), strict=True)
    return {
        "name": zone.name,
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


def _line(paths: Paths, line: Line, hold_ms: float) -> LineSummary:
    found = crossings(paths, line.start, line.end, hold_ms)
    rows = np.lexsort((found.person, found.at_ms))
    columns = (found.person, _whole(found.at_ms), found.forward)
    listed = zip(*(column[rows].tolist() for column in columns), strict=True)
    return {
        "name": line.name,
        "forward": int(found.forward.sum()),
        "backward": int((~found.forward).sum()),
        "crossings": [
            {"person": person, "at_ms": at_ms, "direction": "forward" if forward else "backward"}
            for person, at_ms, forward in listed
        ],
    }


def _walks(paths: Paths, floor: Floor) -> list[WalkFacts]:
    found = walks(paths, floor)
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


def _whole(times_ms: Floats) -> Ints:
    return np.rint(times_ms).astype(np.int64)
