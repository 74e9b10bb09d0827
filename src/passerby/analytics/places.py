"""The places to count at: zones, lines, and the floor they lie on.

Written in TOML or JSON, in pixels of the upright frame:

    hold_s = 0.5            # optional, as is all of this
    anchor = "foot"         # or "middle", "head", "auto"; a zone or line may have its own

    [[zones]]
    name = "till"
    points = [[120, 300], [420, 300], [420, 560], [120, 560]]

    [[lines]]
    name = "door"
    from = [600, 200]
    to = [600, 570]

    [floor]                 # four points of the floor, in the picture and in metres
    pixels = [[102, 310], [640, 305], [730, 560], [30, 570]]
    metres = [[0, 0], [9, 0], [9, 6], [0, 6]]
"""

import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from passerby.analytics.floor import CORNERS, Floor, fit_floor
from passerby.analytics.paths import Anchor
from passerby.errors import PlacesError

Floats = NDArray[np.float64]

# A walking person makes about two steps a second, and with each the lower edge of the box
# moves up and down: what lasts less than a step is gait, not a way.
HOLD_MS = 500.0
# The linker fills gaps of up to four seconds itself (`tracking.finalise`): in a longer one
# it does not know where the person was, and nor do we.
ABSENCE_MS = 4000.0

PLACES = {"zones", "lines", "floor", "hold_s", "absence_s", "anchor"}
ANCHORS: tuple[str, ...] = get_args(Anchor)

# Places may come from a browser, and the server counts while it waits.
MOST_PLACES = 100
MOST_CORNERS = 200
LONGEST_NAME = 100
FARTHEST = 1e6  # pixels or metres
LONGEST_S = 3600.0


@dataclass(frozen=True)
class Zone:
    """An area of the floor: inside is what the even-odd rule calls so."""

    name: str
    points: Floats  # (K, 2) its corners in turn, pixels; K at least 3
    anchor: Anchor = "foot"  # the point of a box that is inside or not


@dataclass(frozen=True)
class Line:
    """A straight line to be crossed; forward is from its left to its right, as on the screen."""

    name: str
    start: Floats  # (2,) pixels
    end: Floats  # (2,) pixels
    anchor: Anchor = "foot"  # the point of a box that crosses it

    @property
    def ends(self) -> Floats:
        """(2, 2) start and end."""
        return np.stack([self.start, self.end])


@dataclass(frozen=True)
class Places:
    """The zones and lines to count at, and how long a stay must last."""

    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    floor: Floor | None = None
    # Shorter times inside, outside, on this or that side of a line do not count.
    hold_ms: float = HOLD_MS
    # Sightings of a person this near in time are joined by a straight way.
    absence_ms: float = ABSENCE_MS
    anchor: Anchor = "foot"  # of whatever has none of its own, and of heat and flow

    @property
    def joined_ms(self) -> float:
        """The longest absence that does not end a presence; less than what counts never does."""
        return max(self.absence_ms, self.hold_ms)


def places_from_file(path: Path) -> Places:
    """Read a file of places: JSON if its name ends so, else TOML.

    Raises
    ------
    PlacesError
        If it cannot be read, or makes no sense; the message names the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        return places_of(given)
    except (OSError, ValueError, RecursionError, PlacesError) as error:
        raise PlacesError(f"{path}: {error}") from error


def places_of(given: object) -> Places:
    """Read places from what a JSON or TOML parser gave, in the form shown above.

    Raises
    ------
    PlacesError
        If something is missing, unknown or impossible; the message names it.
    """
    table = _table(given, "places", PLACES)
    anchor = _anchor(table, "places", "foot")
    zones = [_zone(entry, number, anchor) for number, entry in _entries(table, "zones")]
    lines = [_line(entry, number, anchor) for number, entry in _entries(table, "lines")]
    _check_names("zone", [zone.name for zone in zones])
    _check_names("line", [line.name for line in lines])
    return Places(
        tuple(zones),
        tuple(lines),
        None if table.get("floor") is None else _floor(table["floor"]),
        _milliseconds(table.get("hold_s", HOLD_MS / 1000), "hold_s"),
        _milliseconds(table.get("absence_s", ABSENCE_MS / 1000), "absence_s"),
        anchor,
    )


def _zone(given: object, number: int, anchor: Anchor) -> Zone:
    table = _table(given, f"zone {number}", {"name", "points", "anchor"})
    name = _name(table, f"zone {number}")
    points = _points(table.get("points"), f"zone {name!r}: points", range(3, MOST_CORNERS + 1))
    offset = points - points[0]
    if not np.any(offset[:, 0, None] * offset[:, 1] - offset[:, 1, None] * offset[:, 0]):
        raise PlacesError(f"zone {name!r}: all points lie on a line")
    return Zone(name, points, _anchor(table, f"zone {name!r}", anchor))


def _line(given: object, number: int, anchor: Anchor) -> Line:
    table = _table(given, f"line {number}", {"name", "from", "to", "anchor"})
    name = _name(table, f"line {number}")
    ends = _points([table.get("from"), table.get("to")], f"line {name!r}: from and to", range(2, 3))
    if np.array_equal(*ends):
        raise PlacesError(f"line {name!r}: from and to are the same point")
    return Line(name, ends[0], ends[1], _anchor(table, f"line {name!r}", anchor))


def _floor(given: object) -> Floor:
    table = _table(given, "floor", {"pixels", "metres"})
    four = range(CORNERS, CORNERS + 1)
    pixels = _points(table.get("pixels"), "floor: pixels", four)
    return fit_floor(pixels, _points(table.get("metres"), "floor: metres", four))


def _anchor(table: Mapping[str, object], what: str, usual: Anchor) -> Anchor:
    anchor = table.get("anchor", usual)
    if anchor not in ANCHORS:
        raise PlacesError(f"{what}: anchor must be one of {', '.join(ANCHORS)}, not {anchor!r}")
    return cast("Anchor", anchor)


def _table(given: object, what: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise PlacesError(f"{what} must be a table of names and values")
    unknown = sorted(str(name) for name in given.keys() - known)
    if unknown:
        raise PlacesError(f"{what}: {unknown[0]!r} is not one of {', '.join(sorted(known))}")
    return given


def _entries(table: Mapping[str, object], name: str) -> list[tuple[int, object]]:
    """Number the entries of a list, which may be absent, from 1."""
    given = table.get(name, [])
    if not isinstance(given, list) or len(given) > MOST_PLACES:
        raise PlacesError(f"{name} must be a list of at most {MOST_PLACES}")
    return list(enumerate(given, start=1))


def _name(table: Mapping[str, object], what: str) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise PlacesError(f"{what} needs a name of 1 to {LONGEST_NAME} characters")
    return name


def _check_names(kind: str, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise PlacesError(f"there is more than one {kind} {twice[0]!r}")


def _points(given: object, what: str, counts: range) -> Floats:
    """Read points, (K, 2), as many as `counts` allows."""
    wanted = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if not isinstance(given, list) or len(given) not in counts:
        raise PlacesError(f"{what}: {wanted} points like [x, y] are needed")
    for point in given:
        if not isinstance(point, list) or len(point) != 2:  # noqa: PLR2004 - x and y
            raise PlacesError(f"{what}: {point!r} is not a point like [x, y]")
        if not all(_is_number(value) and -FARTHEST <= value <= FARTHEST for value in point):
            raise PlacesError(f"{what}: {point!r} are not two numbers up to {FARTHEST:,.0f}")
    return np.array(given, np.float64)


def _milliseconds(given: object, what: str) -> float:
    if not isinstance(given, int | float) or not _is_number(given) or not 0 <= given <= LONGEST_S:
        raise PlacesError(f"{what} must be seconds from 0 to {LONGEST_S:g}, not {given!r}")
    return given * 1000.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
