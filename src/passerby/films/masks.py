"""The parts of a picture to be masked at an instant so that a person is not seen.

Whoever is to be hidden is hidden for some time before they are first seen and after they
are last seen, too, and in every gap that the analysis bridges. Boxes are somewhat wrong,
and people move on: each is grown by a margin, and the more the longer ago it was seen.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.films.placement import (
    interpolation_weights,
    locate_faces,
    neighbours,
    rows_between,
)
from passerby.films.portraits import crop_boxes
from passerby.records import NO_FACE, Sightings

Boxes = NDArray[np.float64]
Margins = NDArray[np.float64]

# Somebody is masked for so long before their first sighting, and after their last.
PADDING_MS = 300
# Sightings up to so far apart are bridged: the linker fills gaps of 4 s, so longer ones
# are gaps on purpose. Shorter ones are left where few frames are analysed.
BRIDGED_MS = 4000
# Where two boxes on either side of an instant overlap less, the person may be at either
# of them (a cut lies between), and both are masked.
SAME_PLACE_IOU = 0.3

# Added on each side, in lengths of the longer side of the box: for the error of boxes,
MARGIN = 0.08
# and for each second since the sighting: who walks makes about one body height in it.
PACE = 1.0

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


class HiddenPersons:
    """The people to be hidden, looked up for each frame.

    Parameters
    ----------
    sightings : Sightings
        Theirs alone.
    """

    def __init__(self, sightings: Sightings) -> None:
        # Where only a face was seen, the body is taken to be head and shoulders.
        self._bodies = replace(sightings, xyxy=crop_boxes(sightings))
        self._faces = sightings.take(sightings.face != NO_FACE)

    def bodies(self, timestamp_ms: int) -> Masks:
        """Mask everybody at an instant of the video's clock."""
        person, xyxy, margin = self._around(timestamp_ms)
        return Masks(person, _grow(xyxy, margin))

    def heads(self, timestamp_ms: int) -> Masks:
        """Mask everybody's head at an instant of the video's clock.

        That is the face where it is known, else the upper part of the body's box.
        """
        person, xyxy, margin = self._around(timestamp_ms)
        faces = locate_faces(self._faces, timestamp_ms)
        others = ~np.isin(person, faces.person_index)
        heads = _grow(_head_boxes(xyxy[others]), margin[others])
        around_faces = _grow(faces.xyxy, FACE_MARGIN * _longer_side(faces.xyxy))
        return Masks(
            np.concatenate([person[others], faces.person_index]),
            np.concatenate([heads, around_faces]),
        )

    def _around(self, timestamp_ms: int) -> tuple[NDArray[np.int64], Boxes, Margins]:
        """Find (C,) persons, (C, 4) their boxes, and (C,) pixels by which to grow each."""
        bodies, time = self._bodies, self._bodies.timestamp_ms
        before, after = neighbours(bodies, timestamp_ms, BRIDGED_MS)
        start, end = bodies.xyxy[before], bodies.xyxy[after]
        share = interpolation_weights(bodies, before, after, timestamp_ms)[:, None]
        is_settled = np.diagonal(iou(start, end)) >= SAME_PLACE_IOU
        padding = _padding_rows(bodies, timestamp_ms, bodies.person_index[before[is_settled]])

        xyxy = np.concatenate([start * (1 - share) + end * share, bodies.xyxy[padding]])
        nearer_ms = np.minimum(timestamp_ms - time[before], time[after] - timestamp_ms)
        away_ms = np.concatenate([nearer_ms, np.abs(time[padding] - timestamp_ms)])
        margin = MARGIN + PACE * np.minimum(away_ms, PADDING_MS) / 1000
        person = bodies.person_index[np.concatenate([before, padding])]
        return person, xyxy, margin * _longer_side(xyxy)


def _padding_rows(
    bodies: Sightings, timestamp_ms: int, settled: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find each person's last row before and first row after, but not of the settled."""
    earlier = rows_between(bodies, timestamp_ms - PADDING_MS, timestamp_ms)
    later = rows_between(bodies, timestamp_ms, timestamp_ms + PADDING_MS)
    ends = [*_first_rows(bodies, earlier[::-1]), *_first_rows(bodies, later)]
    rows = np.unique(np.array(ends, dtype=np.int64))
    return rows[~np.isin(bodies.person_index[rows], settled)]


def _first_rows(sightings: Sightings, rows: NDArray[np.int64]) -> list[int]:
    """Find the first of the rows of each person."""
    _, positions = np.unique(sightings.person_index[rows], return_index=True)
    firsts: list[int] = rows[positions].tolist()
    return firsts


def _head_boxes(xyxy: Boxes) -> Boxes:
    """Cut boxes of bodies, (C, 4), down to the part that holds the head."""
    width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
    reach = np.minimum(height, np.maximum(HEAD_IN_HEIGHTS * height, HEAD_IN_WIDTHS * width))
    upper = xyxy.copy()
    upper[:, 3] = xyxy[:, 1] + reach
    return upper


def _longer_side(xyxy: Boxes) -> Margins:
    sides: Margins = np.maximum(xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1])
    return sides


def _grow(xyxy: Boxes, by: Margins) -> Boxes:
    """Grow boxes, (C, 4), by (C,) pixels on each side."""
    grown: Boxes = xyxy + by[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    return grown
