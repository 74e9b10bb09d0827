"""The parts of a picture to be masked at an instant so that a person is not seen.

Who is seen late or weakly was there before, and may stay after: whoever is to be hidden is
hidden for seconds before their first sighting and after their last, where they were and where
they seem to come from or go to, unless they walk over the border. In between, all is masked
from one sighting to the next. Boxes are somewhat wrong, and people move on: each is grown
by a margin, and the more the longer ago it was seen.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.films.placement import FACES_JOINED_MS, neighbours
from passerby.films.portraits import crop_boxes
from passerby.records import NO_FACE, Sightings

Boxes = NDArray[np.float64]
Margins = NDArray[np.float64]
Rows = NDArray[np.int64]

# Somebody is masked for so long before their first sighting, and after their last. People in
# full view were first seen up to 1.5 s late, and 2 s at 0.45 of confidence on either side
# of a path were cut off (2026-11-30).
HOLD_MS = 3000
# For so long at least, also if they walk over the border; and so long after they must be out.
PADDING_MS = 300
# Sightings up to so far apart are bridged: the linker fills gaps of 4 s, so longer ones
# are gaps on purpose. Shorter ones are left where few frames are analysed.
BRIDGED_MS = 4000

# Added on each side, in lengths of the longer side of the box: for the error of boxes,
MARGIN = 0.08
# for each second since the sighting (who walks makes about one body height in it), up to
# PADDING_MS,
PACE = 1.0
# and for each second from then on: by then the mask reaches where they seem to go.
DRIFT = 0.1

# The way somebody goes is that of the sightings within so long, at least so long apart.
COURSE_MS, SHORTEST_COURSE_MS = 1000, 200
# Somebody is at the border within such a share of the picture from it, and leaves over it at so
# many lengths of the longer side of their box a second.
BORDER, LEAVING = 0.01, 0.15

# How far down a head reaches from the top of the box of its body, in heights and in
# widths of it. People's own faces end 0.15 heights below it (`tracking.faces.likelihood`);
# who sits, or is cut off by the picture, has a wider box for the same head.
HEAD_IN_HEIGHTS, HEAD_IN_WIDTHS = 0.25, 0.6
# Added to a face on each side, in lengths of its longer side: it ends at brows and chin, and
# hair and ears tell who somebody is as well.
FACE_MARGIN = 0.6


@dataclass(frozen=True)
class Masks:
    """The C boxes that hide people at an instant; a person may have several."""

    person_index: NDArray[np.int64]  # (C,)
    xyxy: Boxes  # (C, 4) pixels, grown

    def __len__(self) -> int:
        return len(self.person_index)


class _Ends(NamedTuple):
    """E ends of paths, from which somebody is hidden further on."""

    row: Rows  # (E,)
    direction: NDArray[np.int64]  # (E,) 1 after the row, -1 before it
    velocity: Boxes  # (E, 2) pixels a second, away from the path
    hold_ms: NDArray[np.float64]  # (E,)


class _Cover(NamedTuple):
    """What hides people at an instant: C stretches from one place to another."""

    person: NDArray[np.int64]  # (C,)
    start: Rows  # (C,) row of the sighting at the one place
    end: Rows  # (C,) row of that at the other
    shift: Boxes  # (C, 2) pixels by which the other place is moved
    away_ms: NDArray[np.float64]  # (C,) from the nearest sighting

    def hull(self, boxes: Boxes) -> Boxes:
        """(C, 4) boxes that hold both places; `boxes` are (S, 4), one for each sighting."""
        return _hull(boxes[self.start], boxes[self.end] + np.tile(self.shift, 2))


class HiddenPersons:
    """The people to be hidden, looked up for each frame.

    Parameters
    ----------
    sightings : Sightings
        Theirs alone.
    size : width and height of the picture, pixels
    """

    def __init__(self, sightings: Sightings, size: tuple[int, int]) -> None:
        self._sightings = sightings
        # Where only a face was seen, the body is taken to be head and shoulders.
        self._bodies = crop_boxes(sightings).astype(np.float64)
        self._alone = ~sightings.has_body
        self._heads = np.where(self._alone[:, None], self._bodies, _head_boxes(self._bodies))
        self._ends = _find_ends(sightings, self._bodies, size)
        self._with_face = sightings.take(sightings.face != NO_FACE)
        self._faces = self._with_face.faces.xyxy.astype(np.float64)

    def bodies(self, timestamp_ms: int) -> Masks:
        """Mask everybody at an instant of the video's clock."""
        cover = self._cover(timestamp_ms)
        boxes = cover.hull(self._bodies)
        return Masks(cover.person, _grow(boxes, self._margins(cover)))

    def heads(self, timestamp_ms: int) -> Masks:
        """Mask everybody's head at an instant of the video's clock.

        That is the face where it is known, else the upper part of the body's box. Of whom
        only the face was seen, the shoulders are masked, too.
        """
        cover = self._cover(timestamp_ms)
        persons, faces = self._face_masks(timestamp_ms)
        is_alone = self._alone[cover.start] | self._alone[cover.end]
        others = is_alone | ~np.isin(cover.person, persons)
        heads = _grow(cover.hull(self._heads), self._margins(cover))
        return Masks(
            np.concatenate([cover.person[others], persons]),
            np.concatenate([heads[others], faces]),
        )

    def _cover(self, timestamp_ms: int) -> _Cover:
        time = self._sightings.timestamp_ms
        before, after = neighbours(self._sightings, timestamp_ms, BRIDGED_MS)
        between_ms = np.minimum(timestamp_ms - time[before], time[after] - timestamp_ms)
        ends = self._ends
        away_ms = (timestamp_ms - time[ends.row]) * ends.direction
        is_held = (away_ms > 0) & (away_ms <= ends.hold_ms)
        held, away_ms = ends.row[is_held], away_ms[is_held]
        way = ends.velocity[is_held] * away_ms[:, None] / 1000
        return _Cover(
            self._sightings.person_index[np.concatenate([before, held])],
            np.concatenate([before, held]),
            np.concatenate([after, held]),
            np.concatenate([np.zeros((len(before), 2)), way]),
            np.concatenate([between_ms, away_ms]).astype(np.float64),
        )

    def _margins(self, cover: _Cover) -> Margins:
        """(C,) pixels by which each box is grown."""
        sides = _longer_side(self._bodies)
        side = np.maximum(sides[cover.start], sides[cover.end])
        soon_ms = np.minimum(cover.away_ms, PADDING_MS)
        growth = PACE * soon_ms + DRIFT * (cover.away_ms - soon_ms)
        margins: Margins = (MARGIN + growth / 1000) * side
        return margins

    def _face_masks(self, timestamp_ms: int) -> tuple[NDArray[np.int64], Boxes]:
        """Mask known faces, from one sighting of them to the next; their persons come first."""
        seen = self._with_face
        before, after = neighbours(seen, timestamp_ms, FACES_JOINED_MS)
        grown = _grow(self._faces, FACE_MARGIN * _longer_side(self._faces))[seen.face]
        return seen.person_index[before], _hull(grown[before], grown[after])


def _find_ends(sightings: Sightings, boxes: Boxes, size: tuple[int, int]) -> _Ends:
    """Find where paths end on either side, which way they lead, and how long that is followed."""
    order = np.lexsort((sightings.timestamp_ms, sightings.person_index))
    person, time = sightings.person_index[order], sightings.timestamp_ms[order]
    is_joined = (np.diff(person) == 0) & (np.diff(time) <= BRIDGED_MS)
    breaks = np.flatnonzero(~is_joined)
    first = np.concatenate([np.zeros(min(1, len(order)), np.int64), breaks + 1])
    last = np.concatenate([breaks, np.full(min(1, len(order)), len(order) - 1)])
    stretch = np.cumsum(np.concatenate([np.zeros(min(1, len(order)), np.int64), ~is_joined]))
    # Times that rise from stretch to stretch, so that one search finds all courses.
    clock = time + stretch * (int(time.max(initial=0)) + COURSE_MS + 1)
    ahead = np.searchsorted(clock, clock[first] + COURSE_MS, side="right") - 1
    behind = np.searchsorted(clock, clock[last] - COURSE_MS, side="left")
    row = order[np.concatenate([first, last])]
    other = order[np.concatenate([np.minimum(ahead, last), np.maximum(behind, first)])]
    velocity = _velocity(sightings, boxes, row, other)
    direction = np.repeat([-1, 1], [len(first), len(last)])
    return _Ends(row, direction, velocity, _hold_ms(boxes[row], velocity, size))


def _velocity(sightings: Sightings, boxes: Boxes, row: Rows, other: Rows) -> Boxes:
    """(E, 2) pixels a second from the `other` sighting to that of the row, and on."""
    apart_ms = np.abs(sightings.timestamp_ms[row] - sightings.timestamp_ms[other])
    way = _middles(boxes[row]) - _middles(boxes[other])
    is_course = apart_ms >= SHORTEST_COURSE_MS
    velocity: Boxes = np.where(is_course, 1000 / np.maximum(apart_ms, 1), 0)[:, None] * way
    return velocity


def _hold_ms(boxes: Boxes, velocity: Boxes, size: tuple[int, int]) -> NDArray[np.float64]:
    """(E,) how long to follow each end: until who goes over the border must be out."""
    extent = np.array(size, np.float64)
    hold_ms = np.full(len(boxes), float(HOLD_MS))
    speed = LEAVING * _longer_side(boxes)
    for axis in range(2):
        low, high, pace = boxes[:, axis], boxes[:, axis + 2], velocity[:, axis]
        beyond_start = (low <= BORDER * extent[axis]) & (pace < -speed)
        beyond_end = (high >= (1 - BORDER) * extent[axis]) & (pace > speed)
        distance = np.where(beyond_start, high, extent[axis] - low)
        way_out_ms = 1000 * np.maximum(distance, 0) / np.maximum(np.abs(pace), speed + 1e-6)
        is_leaving = beyond_start | beyond_end
        hold_ms = np.where(is_leaving, np.minimum(hold_ms, way_out_ms + PADDING_MS), hold_ms)
    return hold_ms


def _head_boxes(xyxy: Boxes) -> Boxes:
    """Cut boxes of bodies, (C, 4), down to the part that holds the head."""
    width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
    reach = np.minimum(height, np.maximum(HEAD_IN_HEIGHTS * height, HEAD_IN_WIDTHS * width))
    upper = xyxy.copy()
    upper[:, 3] = xyxy[:, 1] + reach
    return upper


def _middles(xyxy: Boxes) -> Boxes:
    middles: Boxes = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    return middles


def _hull(one: Boxes, other: Boxes) -> Boxes:
    """Compute the smallest boxes, (C, 4), that hold those of each pair."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return np.concatenate([low[:, :2], high[:, 2:]], axis=1)


def _longer_side(xyxy: Boxes) -> Margins:
    sides: Margins = np.maximum(xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1])
    return sides


def _grow(xyxy: Boxes, by: Margins) -> Boxes:
    """Grow boxes, (C, 4), by (C,) pixels on each side."""
    grown: Boxes = xyxy + by[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    return grown
