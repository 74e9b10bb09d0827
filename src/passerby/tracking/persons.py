"""Who is left at the end: ghosts dropped, persons numbered, gaps filled.

A ghost is a path with too little evidence behind it: seen a few times only, or never
seen well (a post, a reflection, a coat on a stand).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.records import Observations, Sightings
from passerby.tracking.smoothing import fit_course
from passerby.tracking.steady import Steady, to_frame
from passerby.tracking.tracklets import Rows, rows_by_label


@dataclass(frozen=True)
class EvidenceSettings:
    """What a path needs to count as a person. Confidences in [0, 1]."""

    least_detections: int = 3
    least_best_confidence: float = 0.55
    least_mean_confidence: float = 0.3
    longest_filled_gap: float = 4.0  # seconds; nobody is reported within a longer one


DEFAULT = EvidenceSettings()


@dataclass(frozen=True)
class Stay:
    """One person in one shot, from first to last seen, without the gaps too long to fill."""

    frame: Rows  # (n,) positions of analysed frames
    xyxy: NDArray[np.float32]  # (n, 4) pixels of those frames
    confidence: NDArray[np.float32]  # (n,) of the detection, or between its neighbours'
    detected: NDArray[np.bool_]  # (n,)


def sightings(
    observations: Observations,
    view: Steady,
    person_of: NDArray[np.int64],
    settings: EvidenceSettings = DEFAULT,
) -> Sightings:
    """Boxes of every person on every analysed frame of their stay.

    Parameters
    ----------
    observations, view : the same N detections, as seen and steadied
    person_of : (N,) labels of `reunite`
    settings : EvidenceSettings

    Returns
    -------
    Sightings
        Person indexes in order of first appearance (ties: the surer first).
    """
    paths = [rows for whole in rows_by_label(person_of) for rows in _by_shot(view, whole)]
    paths = [rows for rows in paths if _is_person(view, rows, settings)]
    paths.sort(key=lambda rows: (int(view.frame_of[rows[0]]), -view.confidence[rows[0]], rows[0]))
    stays = [_stay(view, rows, settings) for rows in paths]
    labels = [int(person_of[rows[0]]) for rows in paths]
    number = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    lengths = [len(stay.frame) for stay in stays]
    index = np.repeat(np.array([number[label] for label in labels], np.int64), lengths)
    frame = np.concatenate([np.empty(0, np.int64), *(stay.frame for stay in stays)])
    order = np.lexsort((index, frame))
    frame = frame[order]
    nobody = np.empty((0, 4), np.float32)
    return Sightings(
        person_index=index[order],
        frame_index=observations.frame_index[frame],
        timestamp_ms=observations.timestamp_ms[frame],
        xyxy=np.concatenate([nobody, *(stay.xyxy for stay in stays)])[order],
        confidence=np.concatenate([nobody[:, 0], *(stay.confidence for stay in stays)])[order],
        detected=np.concatenate([np.empty(0, np.bool_), *(s.detected for s in stays)])[order],
    )


def _by_shot(view: Steady, rows: Rows) -> list[Rows]:
    """One person's path in each shot: a curve must not run through a cut."""
    borders = np.flatnonzero(np.diff(view.shot[view.frame_of[rows]])) + 1
    return np.split(rows, borders)


def _is_person(view: Steady, rows: Rows, settings: EvidenceSettings) -> bool:
    """Whether a path has enough evidence."""
    confidence = view.confidence[rows]
    return bool(
        len(rows) >= settings.least_detections
        and confidence.max() >= settings.least_best_confidence
        and confidence.mean() >= settings.least_mean_confidence
    )


def _stay(view: Steady, rows: Rows, settings: EvidenceSettings) -> Stay:
    """Course of one person in one shot, on the frames where somebody may be reported."""
    course = fit_course(view, rows)
    seen = view.frame_of[rows]
    frame = np.arange(course.first_frame, course.first_frame + len(course.cxcywh))
    before = seen[np.searchsorted(seen, frame, side="right") - 1]
    after = seen[np.searchsorted(seen, frame, side="left")]
    gap = view.seconds[after] - view.seconds[before]
    reported = gap <= settings.longest_filled_gap
    confidence = np.interp(frame, seen, view.confidence[rows])
    return Stay(
        frame[reported],
        to_frame(view, frame[reported], course.cxcywh[reported]).astype(np.float32),
        confidence[reported].astype(np.float32),
        (before == after)[reported],
    )
