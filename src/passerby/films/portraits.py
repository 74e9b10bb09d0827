"""The choice of the sightings that show a person best, and how they are cut out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.records import Sightings

Image = NDArray[np.uint8]

MAX_PORTRAITS = 8
WIDTH, HEIGHT = 144, 256  # pixels of a portrait; a person walking is a good third as wide as high
MARGIN = 0.06  # added on each side of the box, as a share of its height
# How far head and shoulders reach beyond a face, to the left and the right, above and
# below, in widths and heights of it.
ABOVE_FACE = np.array([1.0, 0.6], np.float32)
BELOW_FACE = np.array([1.0, 1.8], np.float32)
AROUND_PICTURE = (32, 30, 30)  # BGR, where a portrait reaches beyond the frame


def choose_sightings(sightings: Sightings) -> NDArray[np.int64]:
    """Choose up to `MAX_PORTRAITS` sightings of each person.

    Each person's path is cut into as many stretches of equal length; from each
    comes the most confident detection, the earlier of two that are equal, and a face
    alone only where there is no body. Boxes that were filled in are not chosen.

    Returns
    -------
    (C,) int64
        Rows of the sightings, ascending: in time order.
    """
    rows = np.flatnonzero(sightings.detected)
    person, time = sightings.person_index[rows], sightings.timestamp_ms[rows]
    stretch = _stretches(person, time)
    without_body = ~sightings.has_body[rows]
    best_first = np.lexsort((time, -sightings.confidence[rows], without_body, stretch, person))
    keys = np.stack([person, stretch], axis=1)[best_first]
    is_first = np.ones(len(rows), dtype=np.bool_)
    is_first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.sort(rows[best_first[is_first]])


def crop_boxes(sightings: Sightings) -> NDArray[np.float32]:
    """Choose the box, (S, 4) pixels, to cut out of each sighting: body, or head and shoulders."""
    only_face = ~sightings.has_body
    face = sightings.faces.xyxy[sightings.face[only_face]]
    extent = face[:, 2:] - face[:, :2]
    xyxy = sightings.xyxy.copy()
    xyxy[only_face, :2] = face[:, :2] - ABOVE_FACE * extent
    xyxy[only_face, 2:] = face[:, 2:] + BELOW_FACE * extent
    return xyxy


def crop(image: Image, xyxy: NDArray[np.float32]) -> Image:
    """Cut a person out to a fixed shape, with its surroundings and without distortion.

    Parameters
    ----------
    image : (h, w, 3) uint8, BGR
    xyxy : (4,) float32
        The person's box, pixels.

    Returns
    -------
    (HEIGHT, WIDTH, 3) uint8, BGR
    """
    left, top, width, height = _window(xyxy, image.shape[1], image.shape[0])
    canvas = np.full((height, width, 3), AROUND_PICTURE, dtype=np.uint8)
    seen = image[max(0, top) : top + height, max(0, left) : left + width]
    y, x = max(0, -top), max(0, -left)
    canvas[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    method = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=method), dtype=np.uint8)


def _window(
    xyxy: NDArray[np.float32], frame_width: int, frame_height: int
) -> tuple[int, int, int, int]:
    """Choose left, top, width and height of the part to cut out, in the frame where it fits."""
    left, top, right, bottom = xyxy.tolist()
    margin = MARGIN * (bottom - top)
    height = max(1, bottom - top + 2 * margin, (right - left + 2 * margin) * HEIGHT / WIDTH)
    width = height * WIDTH / HEIGHT
    start_x = _fit((left + right - width) / 2, width, frame_width)
    start_y = _fit((top + bottom - height) / 2, height, frame_height)
    return round(start_x), round(start_y), max(1, round(width)), round(height)


def _fit(start: float, length: float, limit: float) -> float:
    """Move a stretch into [0, limit]; leave one that is too long where it is."""
    return start if length > limit else min(max(0, start), limit - length)


def _stretches(person: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the stretch, (N,) from 0, of its person's path that each sighting lies in."""
    _, member = np.unique(person, return_inverse=True)
    persons = int(member.max(initial=-1)) + 1
    first = np.full(persons, np.iinfo(np.int64).max)
    last = np.zeros(persons, dtype=np.int64)
    np.minimum.at(first, member, time)
    np.maximum.at(last, member, time)
    duration = (last - first + 1)[member]
    stretch: NDArray[np.int64] = (time - first[member]) * MAX_PORTRAITS // duration
    return stretch
