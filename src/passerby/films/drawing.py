"""Drawing of persons into a picture: box, face, number, and trail.

Sizes follow the height of the picture, so that a marked video looks alike in
every resolution.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films.font import Font
from passerby.films.palette import colour_of, text_colour_on
from passerby.films.placement import FacePositions, PersonPositions, Trail

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

# OpenCV draws at fractions of a pixel when coordinates are whole numbers of them;
# without that, boxes that move slowly would tremble.
SHIFT = 4

# Shares of the picture's height, and the least that can be seen, in pixels.
LINE_SHARE, LINE_MIN = 1 / 400, 2
TEXT_SHARE, TEXT_MIN = 1 / 42, 14

# In widths of the line: the look of a dashed box.
DASH, DASH_AND_GAP = 4, 9

TRAIL_OPACITY = 0.85  # where the person stands; it fades from there


def annotate(
    image: Image, placed: PersonPositions, faces: FacePositions, trails: list[Trail]
) -> Image:
    """Draw persons into a copy of a picture, the nearest to the camera on top.

    Parameters
    ----------
    image : (h, w, 3) uint8, BGR
    placed : Placed
        Persons in the picture. A box that was not detected is dashed.
    faces : PlacedFaces
        Their faces. A person without a box has the number at the face.
    trails : list of Trail
        Drawn below the boxes.
    """
    marked = image.copy()
    for trail in trails:
        _draw_trail(marked, trail)
    nearest_last = np.argsort(placed.xyxy[:, 3], kind="stable").tolist()
    for position in nearest_last:
        _draw_box(marked, placed, position)
    for position in range(len(faces)):
        _draw_face(marked, faces, position)
    for position in np.flatnonzero(~np.isin(faces.person_index, placed.person_index)).tolist():
        _draw_tag(marked, faces.xyxy[position], int(faces.person_index[position]))
    for position in nearest_last:
        _draw_tag(marked, placed.xyxy[position], int(placed.person_index[position]))
    return marked


def _line_width(image: Image) -> int:
    height: int = image.shape[0]
    return max(LINE_MIN, round(height * LINE_SHARE))


def _draw_box(image: Image, placed: PersonPositions, position: int) -> None:
    corners = _corners(placed.xyxy[position])
    width = _line_width(image)
    if placed.detected[position]:
        lines, is_closed = [corners], True
    else:
        lines, is_closed = _dashes(corners, DASH * width, DASH_AND_GAP * width), False
    colour = colour_of(int(placed.person_index[position]))
    _draw_lines(image, lines, is_closed=is_closed, colour=colour, width=width)


def _draw_face(image: Image, faces: FacePositions, position: int) -> None:
    """Draw a box, and a dot on each point."""
    width = _line_width(image)
    colour = colour_of(int(faces.person_index[position]))
    outline = [_corners(faces.xyxy[position])]
    _draw_lines(image, outline, is_closed=True, colour=colour, width=width)
    for x, y in np.round(faces.points[position] * 2**SHIFT).astype(int).tolist():
        cv2.circle(image, (x, y), width << (SHIFT - 1), colour, cv2.FILLED, cv2.LINE_AA, SHIFT)


def _corners(xyxy: Points) -> Points:
    """List the corners, (4, 2), around a box."""
    left, top, right, bottom = xyxy
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _draw_lines(
    image: Image, lines: list[Points], *, is_closed: bool, colour: tuple[int, ...], width: int
) -> None:
    fixed = [np.round(line * 2**SHIFT).astype(np.int32) for line in lines]
    cv2.polylines(image, fixed, is_closed, colour, width, cv2.LINE_AA, SHIFT)


def _dashes(corners: Points, dash: float, step: float) -> list[Points]:
    """Cut the outline into dashes, evenly on each side, one at each of its ends."""
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return [line for start, end in sides for line in _dashed_side(start, end, dash, step)]


def _dashed_side(start: Points, end: Points, dash: float, step: float) -> list[Points]:
    length = float(np.hypot(*(end - start)))
    gaps = max(1, round((length - dash) / step))
    along = (end - start) / max(length, 1)
    return [
        np.stack([start + along * distance, start + along * (distance + dash)])
        for distance in np.linspace(0, max(0, length - dash), gaps + 1)
    ]


def _draw_tag(image: Image, xyxy: Points, person_index: int) -> None:
    """Write the number on a filled ground on top of the box, or in it at the upper border."""
    font = Font(max(TEXT_MIN, round(image.shape[0] * TEXT_SHARE)), weight=600)
    text, padding = str(person_index), font.size // 3
    width = font.width(text) + 2 * padding
    height = font.cap_height + 2 * padding
    edge = _line_width(image) // 2
    left = round(min(max(0, xyxy[0] - edge), image.shape[1] - width))
    top = round(max(0, xyxy[1] - height))
    colour = colour_of(person_index)
    cv2.rectangle(image, (left, top), (left + width - 1, top + height - 1), colour, cv2.FILLED)
    font.write(image, text, (left + padding, top + height - padding), text_colour_on(colour))


def _draw_trail(image: Image, trail: Trail) -> None:
    """Blend in a line that fades towards its older end."""
    width = _line_width(image)
    view, origin = _around(image, trail.points, margin=width)
    if not view.size:  # feet may be below the picture
        return
    opacity = np.zeros(view.shape[:2], dtype=np.uint8)
    for (start, end), (_, freshness) in zip(
        pairwise(trail.points - origin), pairwise(trail.freshness), strict=True
    ):
        level = round(255 * TRAIL_OPACITY * freshness)
        line = np.stack([start, end])
        _draw_lines(opacity, [line], is_closed=False, colour=(level,), width=width)
    share = opacity[:, :, None].astype(np.float32) / 255
    colour = np.array(colour_of(trail.person_index), dtype=np.float32)
    view[:] = np.round(view * (1 - share) + colour * share).astype(np.uint8)


def _around(image: Image, points: Points, margin: int) -> tuple[Image, Points]:
    """Slice the part of the picture that holds the points; return its upper left corner too."""
    height, width = image.shape[:2]
    limits = np.array([width, height])
    start = np.clip(np.floor(points.min(axis=0)) - margin, 0, limits).astype(int)
    stop = np.clip(np.ceil(points.max(axis=0)) + margin + 1, 0, limits).astype(int)
    return image[start[1] : stop[1], start[0] : stop[0]], start.astype(np.float64)
