"""Where a moving box is expected next, and how surely.

A box is followed as four numbers, `cxcywh` (centre, width, height; pixels), each with a
velocity. Noise on one number is taken to be independent of the others, so the
eight-dimensional filter falls apart into four filters of two states each, and
many tracks are computed at once, without a matrix inversion.

All noise is given in heights of the box and in seconds: a person near the
camera moves more pixels, and a slow camera leaves more time between frames,
but people walk alike everywhere.

Source: R. E. Kalman, "A new approach to linear filtering and prediction
problems", J. Basic Engineering 82(1), 1960; the white-noise acceleration
model: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, "Estimation with applications to
tracking and navigation", Wiley 2001, section 6.2.2.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """How far to trust a detection, and how freely people move.

    Four numbers each, for centre x, centre y, width and height.
    """

    # One standard deviation of a detected box, in body heights: the ratio found
    # between detector boxes and their smoothed course.
    measurement: tuple[float, float, float, float] = (0.04, 0.05, 0.05, 0.06)
    # Square root of the spectral density of the acceleration, in body heights / s^1.5:
    # after a second unseen, a walker is expected 0.17 heights off his line.
    acceleration: tuple[float, float, float, float] = (0.3, 0.2, 0.15, 0.15)
    # Standard deviation of the velocity of a person first seen, heights / s: a
    # walk of 1.4 m/s by a person of 1.7 m is 0.8.
    first_velocity: tuple[float, float, float, float] = (0.8, 0.3, 0.15, 0.2)


WALKING = Noise()


@dataclass(frozen=True)
class Motion:
    """State of T filters: values, velocities and their covariances.

    Covariances are those of (value, velocity) of each number by itself.
    """

    value: Floats  # (T, 4) pixels
    velocity: Floats  # (T, 4) pixels / s
    value_variance: Floats  # (T, 4)
    covariance: Floats  # (T, 4)
    velocity_variance: Floats  # (T, 4)

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """The filters at `rows` only."""
        return type(self)(*(part[rows] for part in self.parts()))

    def put(self, rows: NDArray[np.int64], other: Self) -> Self:
        """The same filters with those at `rows` replaced."""
        copies = [part.copy() for part in self.parts()]
        for part, replacement in zip(copies, other.parts(), strict=True):
            part[rows] = replacement
        return type(self)(*copies)

    def join(self, other: Self) -> Self:
        """These filters, then the other ones."""
        pairs = zip(self.parts(), other.parts(), strict=True)
        return type(self)(*(np.concatenate(pair) for pair in pairs))

    def parts(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """All arrays, in the order of the fields."""
        return (
            self.value,
            self.velocity,
            self.value_variance,
            self.covariance,
            self.velocity_variance,
        )


def start(cxcywh: Floats, noise: Noise = WALKING) -> Motion:
    """Filters of boxes seen for the first time, (T, 4); at rest, but not surely so."""
    height = cxcywh[:, 3:]
    return Motion(
        value=cxcywh.astype(np.float64),
        velocity=np.zeros(cxcywh.shape),
        value_variance=(np.array(noise.measurement) * height) ** 2,
        covariance=np.zeros(cxcywh.shape),
        velocity_variance=(np.array(noise.first_velocity) * height) ** 2,
    )


def predict(motion: Motion, seconds: float | Floats, noise: Noise = WALKING) -> Motion:
    """The filters `seconds` later (one number, or a (T, 1) array), nothing seen since."""
    height = motion.value[:, 3:]
    density = (np.array(noise.acceleration) * height) ** 2
    return Motion(
        value=motion.value + seconds * motion.velocity,
        velocity=motion.velocity,
        value_variance=motion.value_variance
        + seconds * (2 * motion.covariance + seconds * motion.velocity_variance)
        + density * seconds**3 / 3,
        covariance=motion.covariance
        + seconds * motion.velocity_variance
        + density * seconds**2 / 2,
        velocity_variance=motion.velocity_variance + density * seconds,
    )


def update(motion: Motion, cxcywh: Floats, trust: Floats, noise: Noise = WALKING) -> Motion:
    """The filters after each saw its box.

    Parameters
    ----------
    motion : T filters, predicted to the time of the boxes
    cxcywh : (T, 4) pixels
    trust : (T, 1) in (0, 1]
        Confidence of the detection: half the confidence, four times the variance.
    noise : Noise
    """
    height = motion.value[:, 3:]
    variance = (np.array(noise.measurement) * height / trust) ** 2
    gain = motion.value_variance / (motion.value_variance + variance)
    velocity_gain = motion.covariance / (motion.value_variance + variance)
    innovation = cxcywh - motion.value
    return Motion(
        value=motion.value + gain * innovation,
        velocity=motion.velocity + velocity_gain * innovation,
        value_variance=(1 - gain) * motion.value_variance,
        covariance=(1 - gain) * motion.covariance,
        velocity_variance=motion.velocity_variance - velocity_gain * motion.covariance,
    )
