"""Measure how bright and how sharp a face is.

Both have the range and the direction of the service's `Quality`; the scale of sharpness
is our own, since the service never published its own.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.inference.session import Image

FULL = 100.0
WHITE = 255.0

# Side to which a face is brought before its detail is measured, pixels: what is smaller
# has less detail.
SIDE = 96
# Standard deviation to which its grey levels are brought, so that light does not count,
# and what is added to their own: a face without any contrast stays without.
CONTRAST, LEAST_CONTRAST = 48.0, 4.0
# Variance of the Laplacian of a face half as sharp as can be, and how fast sharpness
# grows with it: the range is made use of where faces differ. scikit-image's astronaut is
# 97 sharp at 96 pixels, and 48, 20, 10, 4 when blurred by 1, 1.5, 2, 3 pixels; shrunk to
# 64, 48, 32, 24, 16 pixels it is 72, 66, 47, 16, 7 (2026-11).
HALF_SHARP, GROWTH = 60.0, 1.6


def quality(image: Image, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
    """Measure the part of a face's box that lies in the picture.

    Parameters
    ----------
    image : (h, w, 3) uint8 array, BGR
    xyxy : (4,) array, pixels of `image`

    Returns
    -------
    (2,) float32 array
        Brightness and sharpness in [0, 100]; both 0 where none of the box is in the picture.
    """
    grey = _crop_grey(image, xyxy)
    if grey.size == 0:
        return np.zeros(2, np.float32)
    brightness = float(grey.mean()) / WHITE * FULL
    return np.array([brightness, _sharpness(grey)], np.float32)


def _crop_grey(image: Image, xyxy: NDArray[np.floating]) -> Image:
    """(h, w) luma of the pixels that the box touches; h or w may be 0."""
    height, width = image.shape[:2]
    left, top = np.floor(xyxy[:2]).astype(int).clip(0).tolist()
    right, bottom = np.ceil(xyxy[2:]).astype(int).clip(0, (width, height)).tolist()
    face = image[top:bottom, left:right]
    if face.size == 0:
        return np.empty((0, 0), np.uint8)
    return np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.uint8)


def _sharpness(grey: Image) -> float:
    """Measure how much detail a face has beside its contrast.

    Source of the variance of the Laplacian as a measure of it: J. L. Pech-Pacheco et al.,
    "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000.
    """
    # Areas of less than a pixel would come out as sharp-edged squares.
    shrinks = min(grey.shape) >= SIDE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    face = cv2.resize(grey, (SIDE, SIDE), interpolation=method).astype(np.float64)
    face = (face - face.mean()) / (face.std() + LEAST_CONTRAST) * CONTRAST
    detail = float(cv2.Laplacian(face, cv2.CV_64F).var()) ** GROWTH
    return float(FULL * detail / (detail + HALF_SHARP**GROWTH))
