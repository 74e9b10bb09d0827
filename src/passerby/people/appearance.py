"""Describe the colours of persons from head to foot.

A box is cut into six stripes; each stripe is described by how much of it has which hue
and saturation, and how much has which brightness. No network is needed, and the small
picture that the detector sees is enough.

Source: body parts described by weighted colour histograms: M. Farenzena et al.,
"Person re-identification by symmetry-driven accumulation of local features", CVPR
2010; the square root makes a scalar product of two such descriptions their
Bhattacharyya coefficient.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.inference.session import Image

STRIPES = 6
HUES, SATURATIONS, VALUES = 8, 3, 8
BINS = HUES * SATURATIONS + VALUES
DIMENSIONS = STRIPES * BINS

# Crops are brought to one size, pixels; 12 rows a stripe.
WIDTH, HEIGHT = 24, 72
# Left out on each side of a box, as a share of its width: there is more background there.
SIDE_MARGIN = 0.12
# Boxes smaller than this are not described.
LEAST_WIDTH, LEAST_HEIGHT = 2, 6
# How much a column counts falls off from the middle; standard deviation in columns.
MIDDLE_SPREAD = 8.0

HUE_LEVELS, LEVELS = 180, 256  # OpenCV's ranges of 8-bit hue, and of the others
FULL = 255  # a component of 1 as stored


def describe(image: Image, xyxy: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Describe the persons in boxes.

    Parameters
    ----------
    image : (h, w, 3) uint8 array, BGR
    xyxy : (N, 4) float32, pixels of `image`

    Returns
    -------
    (N, 192) uint8 array
        A vector of about unit length each, times 255; all 0 for a box too small to tell.
    """
    crops = np.zeros((len(xyxy), HEIGHT, WIDTH, 3), np.uint8)
    is_described = [_crop(image, box, crop) for box, crop in zip(xyxy.tolist(), crops, strict=True)]
    described = _histograms(crops)
    described[~np.array(is_described, np.bool_)] = 0
    return np.rint(described * FULL).astype(np.uint8)


def _crop(image: Image, box: list[float], crop: Image) -> bool:
    """Fill `crop` with the content of a box; False if the box is too small."""
    height, width = image.shape[:2]
    left, top, right, bottom = box
    margin = SIDE_MARGIN * (right - left)
    x0, x1 = int(max(0, left + margin)), int(min(width, right - margin))
    y0, y1 = int(max(0, top)), int(min(height, bottom))
    if x1 - x0 < LEAST_WIDTH or y1 - y0 < LEAST_HEIGHT:
        return False
    cv2.resize(image[y0:y1, x0:x1], (WIDTH, HEIGHT), dst=crop, interpolation=cv2.INTER_AREA)
    return True


def _histograms(crops: Image) -> NDArray[np.float64]:
    """Compute the unit vectors (N, 192) of all crops at once."""
    count = len(crops)
    if not count:
        return np.empty((0, DIMENSIONS))
    pixels = cv2.cvtColor(crops.reshape(-1, WIDTH, 3), cv2.COLOR_BGR2HSV)
    hue, saturation, value = np.moveaxis(
        pixels.reshape(count, STRIPES, -1, 3).astype(np.int64), -1, 0
    )
    colour = hue * HUES // HUE_LEVELS * SATURATIONS + saturation * SATURATIONS // LEVELS
    brightness = HUES * SATURATIONS + value * VALUES // LEVELS
    first = np.arange(count * STRIPES).reshape(count, STRIPES, 1) * BINS

    middle = (WIDTH - 1) / 2
    weight = np.exp(-(((np.arange(WIDTH) - middle) / MIDDLE_SPREAD) ** 2) / 2)
    weights = np.broadcast_to(np.tile(weight, HEIGHT // STRIPES), colour.shape).ravel()
    size = count * DIMENSIONS
    counts = np.bincount((first + colour).ravel(), weights, size)
    counts += np.bincount((first + brightness).ravel(), weights, size)
    roots = np.sqrt(counts.reshape(count, DIMENSIONS))
    unit: NDArray[np.float64] = roots / np.linalg.norm(roots, axis=1, keepdims=True)
    return unit
