"""Name the persons who may be none: pictures of people, and what was never seen well.

A poster, a cover and a coat on a stand have one thing in common: they never move against
the background. The living sway, even where they stand, and turn their heads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from passerby.records import NO_FACE, Observations, Sightings
from passerby.tracking.finalise import EvidenceSettings
from passerby.tracking.stabilisation import (
    EVEN,
    Floats,
    StabilisedDetections,
    from_frame,
    stabilise,
)
from passerby.tracking.tracklets import Rows, rows_by_label


class Doubt(StrEnum):
    """Why a person may be none."""

    MOTIONLESS = "motionless"  # never moves against the background
    WEAK = "weak"  # never seen well, neither the body nor a face


@dataclass(frozen=True)
class DoubtSettings:
    """How little a path may move to be doubted.

    Pictures of people pasted into filmed scenes, at rest and panned, with the noise of a
    camera: bodies moved by 0.002 to 0.026 of their height, faces by 0.04 to 0.08 of theirs,
    and turned by 1 to 5 degrees. The stillest person of MOT16-09 moved by 0.26, the stillest
    face by 0.3 (measured 2026-12-01).
    """

    least_seconds: float = 5.0  # nobody is doubted who was seen for less
    most_body_motion: float = 0.03  # of the body's height
    most_face_motion: float = 0.15  # of the face's height
    most_turn: float = 10.0  # degrees, of roll, yaw and pitch
    window_seconds: float = 1.0  # for a median, as boxes jitter
    least_faces: int = 5  # with as many, the face decides


DEFAULT = DoubtSettings()


def doubtful_persons(
    observations: Observations,
    found: Sightings,
    confidence: float = EVEN,
    settings: DoubtSettings = DEFAULT,
) -> Mapping[int, Doubt]:
    """Tell which persons may be none, and why.

    Parameters
    ----------
    observations : Observations
    found : Sightings
        What was found in them.
    confidence : float in (0, 1)
        As it was given to `judge`.
    settings : DoubtSettings

    Returns
    -------
    mapping of int to Doubt
        By person index, ascending.
    """
    camera = stabilise(observations)
    frame_of = np.searchsorted(observations.frame_index, found.frame_index)
    well_seen = _observed_confidence(EvidenceSettings().least_best_confidence, confidence)
    doubts = {}
    for rows in rows_by_label(found.person_index):
        if _is_motionless(camera, frame_of, found, rows, settings):
            doubts[int(found.person_index[rows[0]])] = Doubt.MOTIONLESS
        elif _is_weak(found, rows, well_seen):
            doubts[int(found.person_index[rows[0]])] = Doubt.WEAK
    return doubts


def _observed_confidence(judged: float, confidence: float) -> float:
    """Return the confidence that becomes `judged` by `judge`."""
    odds = judged / (1 - judged) * confidence / (1 - confidence)
    return odds / (1 + odds)


def _is_weak(found: Sightings, rows: Rows, well_seen: float) -> bool:
    has_face = (found.face[rows] != NO_FACE).any()
    return not has_face and bool(found.confidence[rows].max() < well_seen)


def _is_motionless(
    camera: StabilisedDetections,
    frame_of: NDArray[np.int64],
    found: Sightings,
    rows: Rows,
    settings: DoubtSettings,
) -> bool:
    """Whether the face of one person, or the body where it has none, never moved."""
    faces = rows[found.face[rows] != NO_FACE]
    if len(faces) >= settings.least_faces:
        face = found.face[faces]
        box = from_frame(camera.pose, frame_of[faces], found.faces.xyxy[face])
        pose = found.faces.pose[face].astype(np.float64)
        seconds, motion = _motion(camera, frame_of[faces], _in_heights(box), settings)
        turn = _motion(camera, frame_of[faces], pose, settings)[1]
        is_still = motion <= settings.most_face_motion and turn <= settings.most_turn
    else:
        bodies = rows[found.detected[rows] & found.has_body[rows]]
        box = from_frame(camera.pose, frame_of[bodies], found.xyxy[bodies])
        seconds, motion = _motion(camera, frame_of[bodies], _in_heights(box), settings)
        is_still = motion <= settings.most_body_motion
    return is_still and seconds >= settings.least_seconds


def _in_heights(cxcywh: Floats) -> Floats:
    """Place (n, 2) and logarithm of the height, in heights."""
    height = np.median(cxcywh[:, 3]) if len(cxcywh) else 1.0
    return np.column_stack([cxcywh[:, :2], height * np.log(cxcywh[:, 3])]) / height


def _motion(
    camera: StabilisedDetections,
    frame_of: NDArray[np.int64],
    values: Floats,
    settings: DoubtSettings,
) -> tuple[float, float]:
    """Return how long something was seen, in seconds, and how far it went at most in a shot.

    `values` (n, k) at the frames `frame_of` (n,), ascending.
    """
    total, farthest = 0.0, 0.0
    shots = np.flatnonzero(np.diff(camera.shot[frame_of])) + 1
    for part in np.split(np.arange(len(frame_of)), shots):
        if not len(part):
            continue
        seconds = camera.seconds[frame_of[part]]
        total += float(seconds[-1] - seconds[0])
        windows = np.floor((seconds - seconds[0]) / settings.window_seconds)
        borders = np.flatnonzero(np.diff(windows)) + 1
        medians = [np.median(window, axis=0) for window in np.split(values[part], borders)]
        farthest = max(farthest, float(np.ptp(medians, axis=0).max()))
    return total, farthest
