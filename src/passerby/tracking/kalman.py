"""Predict where a moving box will be, and with which uncertainty.

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
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Noise(NamedTuple):
    """Standard deviations of detections and of people's motion.

    (4,) arrays, for centre x, centre y, width and height.
    """

    # One standard deviation of a detected box, in body heights: the ratio found
    # between detector boxes and their smoothed course.
    measurement: Floats = np.array([0.04, 0.05, 0.05, 0.06])
    # Square root of the spectral density of the acceleration, in body heights / s^1.5:
    # after a second unseen, a walker is expected 0.17 heights off his line.
    acceleration: Floats = np.array([0.3, 0.2, 0.15, 0.15])
    # Standard deviation of the velocity of a person first seen, heights / s: a
    # walk of 1.4 m/s by a person of 1.7 m is 0.8.
    first_velocity: Floats = np.array([0.8, 0.3, 0.15, 0.2])


WALKING = Noise()


@dataclass(frozen=True)
class Motion:
    """State of T filters: values, velocities and their covariances.

    Covariances are those of (value, velocity) of each number by itself.
    """

    # (5, T, 4) value, velocity, variance of the value, covariance, variance of the
    # velocity; pixels and seconds. One array: a frame has few tracks, and each call costs.
    state: Floats

    @property
    def value(self) -> Floats:
        """Values (T, 4), pixels."""
        value: Floats = self.state[0]
        return value

    @property
    def velocity(self) -> Floats:
        """Velocities (T, 4), pixels / s."""
        velocity: Floats = self.state[1]
        return velocity

    @property
    def value_variance(self) -> Floats:
        """Variances of the values (T, 4), pixels²."""
        variance: Floats = self.state[2]
        return variance

    @property
    def covariance(self) -> Floats:
        """Covariances of values and velocities (T, 4), pixels² / s."""
        covariance: Floats = self.state[3]
        return covariance

    @property
    def velocity_variance(self) -> Floats:
        """Variances of the velocities (T, 4), (pixels / s)²."""
        variance: Floats = self.state[4]
        return variance

    def __len__(self) -> int:
        return len(self.state[0])

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return only the filters at `rows`."""
        return type(self)(self.state.take(rows, axis=1))

    def put(self, rows: NDArray[np.int64], other: Self) -> Self:
        """Return the same filters with those at `rows` replaced."""
        state = self.state.copy()
        state[:, rows] = other.state
        return type(self)(state)

    def join(self, other: Self) -> Self:
        """Return these filters followed by the other ones."""
        return type(self)(np.concatenate([self.state, other.state], axis=1))


def start(cxcywh: Floats, noise: Noise = WALKING) -> Motion:
    """Start filters of boxes (T, 4) seen for the first time, at rest with uncertain velocity."""
    height = cxcywh[:, 3:]
    state = np.zeros((5, *cxcywh.shape))
    state[0] = cxcywh
    state[2] = (noise.measurement * height) ** 2
    state[4] = (noise.first_velocity * height) ** 2
    return Motion(state)


def predict(motion: Motion, seconds: float | Floats, noise: Noise = WALKING) -> Motion:
    """Predict the filters `seconds` later (one number, or a (T, 1) array) without a detection."""
    value, velocity, _, covariance, velocity_variance = motion.state
    density = (noise.acceleration * value[:, 3:]) ** 2
    gained = seconds * velocity_variance
    state = motion.state.copy()
    state[0] += seconds * velocity
    state[2] += seconds * (2 * covariance + gained) + density * (seconds**3 / 3)
    state[3] += gained + density * (seconds**2 / 2)
    state[4] += density * seconds
    return Motion(state)


def update(motion: Motion, cxcywh: Floats, trust: Floats, noise: Noise = WALKING) -> Motion:
    """Update each filter with its box.

    Parameters
    ----------
    motion : T filters, predicted to the time of the boxes
    cxcywh : (T, 4) pixels
    trust : (T, 1) in (0, 1]
        Confidence of the detection: half the confidence, four times the variance.
    noise : Noise
    """
    value, _, value_variance, covariance, _ = motion.state
    variance = (noise.measurement * value[:, 3:] / trust) ** 2
    gain, velocity_gain = gains = motion.state[2:4] / (value_variance + variance)
    state = motion.state.copy()
    state[:2] += gains * (cxcywh - value)
    state[2:4] *= 1 - gain
    state[4] -= velocity_gain * covariance
    return Motion(state)
