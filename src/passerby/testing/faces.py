"""Frontal faces made from their boxes alone."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.records import LANDMARKS, Faces

# Fractions of the box: eyes, corners of the mouth, nose, in the order of `LANDMARKS`.
FIVE_POINTS = ((0.3, 0.4), (0.7, 0.4), (0.35, 0.75), (0.65, 0.75), (0.5, 0.6))
BRIGHTNESS, SHARPNESS = 60.0, 40.0
# Open eyes, a closed mouth that does not smile; as `faces.expression` measures them.
EXPRESSION = (0.3, 0.05, 0.5)


def frontal_faces(xyxy: ArrayLike, confidence: float = 0.9) -> Faces:
    """Make faces that look straight into the camera.

    Parameters
    ----------
    xyxy : (M, 4) float array, pixels
    confidence : float, in [0, 1]
        Of each.
    """
    box = np.asarray(xyxy, np.float32).reshape(-1, 4)
    share = _shares()
    ones = np.ones((len(box), 1), np.float32)
    return Faces(
        xyxy=box,
        confidence=ones[:, 0] * np.float32(confidence),
        landmarks=box[:, None, :2] * (1 - share) + box[:, None, 2:] * share,
        pose=ones * np.zeros(3, np.float32),
        quality=ones * np.array([BRIGHTNESS, SHARPNESS], np.float32),
        expression=ones * np.array(EXPRESSION, np.float32),
    )


def _shares() -> NDArray[np.float32]:
    """Place landmarks, (30, 2), in the box; those beyond the five on an ellipse."""
    angle = np.linspace(0, 2 * np.pi, len(LANDMARKS) - len(FIVE_POINTS), endpoint=False)
    around = 0.5 + 0.4 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([FIVE_POINTS, around]).astype(np.float32)
