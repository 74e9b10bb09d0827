"""Choose the sizes of the images that the detector gets.

As large as makes persons the size that the detector sees best. So a few frames
are looked at first, at one size for all videos, to learn how tall people are. Where they
are all alike, one size serves; where near and far differ, a larger and a smaller
one see more than one between them. The frame is stretched to each size, each side
rounded to a multiple of 32.
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

# People are alike where the 90th percentile of their heights is at most so many times the
# 10th: one size then sees them as well as two.
MOST_ALIKE = 1.5

# Else two sizes see them, so many times as large as the one for the median, and take twice
# its time. Mean HOTA on virtual footage (`benchmarks/virtual_camera.py`), 2026-12-01: one
# size 58.9, 1.25 with 0.65 63.0, 1.4 with 0.75 62.5, 1 with 0.65 62.7; 1.4, 1 and 0.7 63.1.
LARGER, SMALLER = 1.25, 0.65

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
    wanted = _wanted(person_heights, frame_width, frame_height)
    return _size(wanted, frame_width, frame_height)


def choose_all(
    person_heights: NDArray[np.floating], frame_width: int, frame_height: int
) -> tuple[tuple[int, int], ...]:
    """(width, height) of each image in which persons are looked for, the largest first.

    Parameters as `choose`, which answers where one size is enough.

    Examples
    --------
    >>> choose_all(np.array([150.0, 160, 170]), 640, 480)
    ((352, 256),)
    >>> choose_all(np.array([100.0, 160, 240]), 640, 480)
    ((448, 352), (224, 160))
    """
    only = choose(person_heights, frame_width, frame_height)
    if not len(person_heights):
        return (only,)
    low, high = np.quantile(person_heights, (0.1, 0.9))
    if high <= MOST_ALIKE * low:
        return (only,)
    middle = _wanted(person_heights, frame_width, frame_height)
    sizes = [_size(middle * factor, frame_width, frame_height) for factor in (LARGER, SMALLER)]
    return tuple(dict.fromkeys(sizes))


def _wanted(person_heights: NDArray[np.floating], frame_width: int, frame_height: int) -> float:
    """Long side, pixels, at which the median height is the best one."""
    native = max(frame_width, frame_height)
    wanted = BEST_HEIGHT / float(np.median(person_heights)) * native
    return float(np.clip(wanted, SHORTEST, LONGEST))


def _size(long_side: float, frame_width: int, frame_height: int) -> tuple[int, int]:
    scale = min(long_side / max(frame_width, frame_height), MOST_ENLARGED)
    return _round_to_multiple(frame_width * scale), _round_to_multiple(frame_height * scale)


def _round_to_multiple(pixels: float) -> int:
    """Round to the nearest multiple of 32, but at least to 32."""
    return max(1, int(pixels / MULTIPLE + 0.5)) * MULTIPLE
