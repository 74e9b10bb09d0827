"""Choose the size of the image that the detector gets.

As large as makes persons the size that the detector sees best. So a few frames
are looked at first, at one size for all videos, to learn how tall people are. The
frame is stretched to the size, each side rounded to a multiple of 32.
"""

import numpy as np
from numpy.typing import NDArray

# Measured with NanoDet-g on six sequences, mean AP50: 90 px gave 79.3, 80 px 78.3,
# 100 px 78.7. Taller people than in training fall apart, smaller ones vanish.
BEST_HEIGHT = 90

# Long side, pixels: the range in which the rule was measured. Beyond it the mean
# AP50 falls (768: 74.2, 960: 73.4) and the time grows.
SHORTEST, LONGEST = 320, 640

# Long side for the probe, and for a video in whose probe nobody was seen. Of fixed
# sizes 384 to 480 were the best for all sequences together.
USUAL = 480

# Frames of a probe, evenly spaced over the video, and the least confidence that
# counts there: NanoDet-g's best F1 lies between 0.30 and 0.36 on most sequences.
PROBE_FRAMES = 8
PROBE_CONFIDENCE = 0.3

# Enlarging adds no detail. A tiny video is therefore seen at less than `SHORTEST`.
MOST_ENLARGED = 2.0

# The network halves its input five times.
MULTIPLE = 32


def probe_size(frame_width: int, frame_height: int) -> tuple[int, int]:
    """Return (width, height) of the images in which the heights of people are measured.

    Examples
    --------
    >>> probe_size(1920, 1080)
    (480, 256)
    """
    return _size(USUAL, frame_width, frame_height)


def choose(
    person_heights: NDArray[np.floating], frame_width: int, frame_height: int
) -> tuple[int, int]:
    """Choose (width, height) of the images in which persons are detected.

    Parameters
    ----------
    person_heights : (N,) float array
        Heights of the boxes whose confidence exceeded `PROBE_CONFIDENCE` in `PROBE_FRAMES`
        frames, in pixels of the upright frame. N may be 0.
    frame_width, frame_height : int
        Of the upright frame, pixels.

    Examples
    --------
    >>> choose(np.array([180.0, 270, 300]), 1920, 1080)
    (640, 352)
    """
    if not len(person_heights):
        return probe_size(frame_width, frame_height)
    native = max(frame_width, frame_height)
    wanted = BEST_HEIGHT / float(np.median(person_heights)) * native
    return _size(float(np.clip(wanted, SHORTEST, LONGEST)), frame_width, frame_height)


def _size(long_side: float, frame_width: int, frame_height: int) -> tuple[int, int]:
    scale = min(long_side / max(frame_width, frame_height), MOST_ENLARGED)
    return _round_to_multiple(frame_width * scale), _round_to_multiple(frame_height * scale)


def _round_to_multiple(pixels: float) -> int:
    """Round to the nearest multiple of 32, but at least to 32."""
    return max(1, int(pixels / MULTIPLE + 0.5)) * MULTIPLE
