"""Drop ghosts, number persons and fill gaps.

A ghost is a path with too little evidence behind it: seen a few times only, or never
seen well (a post, a reflection, a coat on a stand). Either the body or the face may give it.
Somebody never seen well counts if he is seen steadily for long: what each frame says is
summed over time, for or against a person. Where there are too few frames to be seen often,
all of them must show him well.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.records import NO_FACE, Observations, Sightings
from passerby.tracking.smoothing import fit_course
from passerby.tracking.stabilisation import StabilisedDetections, to_frame
from passerby.tracking.tracklets import Rows, rows_by_label


@dataclass(frozen=True)
class EvidenceSettings:
    """The evidence that a path needs to count as a person; confidences in [0, 1]."""

    least_detections: int = 3
    least_best_confidence: float = 0.55
    least_mean_confidence: float = 0.3
    # Or, without the best confidence: the excess over a neutral one, summed over the seconds
    # from first to last seen; a frame without a detection counts as confidence 0.
    # Lamp posts reach 0.44 for many seconds (PETS09-S2L1, 2026-12-01).
    neutral_confidence: float = 0.45
    least_weak_evidence: float = 0.1  # 2.5 s at 0.49, 1.4 s at 0.52
    longest_instant: float = 1.0  # seconds that one frame counts for, at most
    # Or, by the face alone:
    least_faces: int = 3
    least_best_face_confidence: float = 0.6
    # A shot of fewer frames than are needed shows somebody if all of them show him well: the
    # whole video, or one that lasts so many seconds. A shorter one may be a torn frame.
    shortest_sparse_shot: float = 1.0
    longest_filled_gap: float = 4.0  # seconds; nobody is reported within a longer one


DEFAULT = EvidenceSettings()


@dataclass(frozen=True)
class ShotPath:
    """The detections and faces of one person in one shot."""

    label: int
    bodies: Rows  # rows of detections; may be none
    faces: Rows  # rows of faces; may be none


class ShotTrack(NamedTuple):
    """The boxes of one person in one shot, on n frames where they are reported."""

    xyxy: NDArray[np.float32]  # (n, 4) pixels of those frames
    confidence: NDArray[np.float32]  # (n,) of the detection, or between its neighbours'
    detected: NDArray[np.bool_]  # (n,)


NO_ROWS = np.empty(0, np.int64)


def sightings(
    observations: Observations,
    detections: StabilisedDetections,
    person_of: NDArray[np.int64],
    face_detections: StabilisedDetections,
    face_person_of: NDArray[np.int64],
    settings: EvidenceSettings = DEFAULT,
) -> Sightings:
    """Build the boxes and faces of every person on every analysed frame from first to last seen.

    Parameters
    ----------
    observations : of N detections and M faces
    detections, face_detections : the detections and the faces, stabilised
    person_of : (N,) labels of `reidentify`
    face_person_of : (M,) labels of the same persons, and of others
        A label occurs at most once in a frame.
    settings : EvidenceSettings

    Returns
    -------
    Sightings
        Person indexes in order of first appearance (ties: the surer first).
    """
    paths = _paths(detections, person_of, face_detections, face_person_of)
    paths = [path for path in paths if _is_person(detections, face_detections, path, settings)]
    paths.sort(key=lambda path: _order_key(detections, face_detections, path))
    number_of = {label: n for n, label in enumerate(dict.fromkeys(path.label for path in paths))}
    numbers = np.array([number_of[path.label] for path in paths], np.int64)
    frames = [
        _reported_frames(detections, path.bodies, settings.longest_filled_gap) for path in paths
    ]
    return _build_sightings(observations, detections, face_detections, paths, frames, numbers)


def _paths(
    detections: StabilisedDetections,
    person_of: NDArray[np.int64],
    face_detections: StabilisedDetections,
    face_person_of: NDArray[np.int64],
) -> list[ShotPath]:
    """Group detections and faces by person and shot, as a curve must not run through a cut."""
    bodies = {
        (int(person_of[rows[0]]), int(detections.shot[detections.frame_of[rows[0]]])): rows
        for whole in rows_by_label(person_of)
        for rows in _split_by_shot(detections, whole)
    }
    faces = {
        (
            int(face_person_of[rows[0]]),
            int(detections.shot[face_detections.frame_of[rows[0]]]),
        ): rows
        for whole in rows_by_label(face_person_of)
        for rows in _split_by_shot(face_detections, whole)
    }
    return [
        ShotPath(key[0], bodies.get(key, NO_ROWS), faces.get(key, NO_ROWS))
        for key in dict.fromkeys([*bodies, *faces])
    ]


def _split_by_shot(detections: StabilisedDetections, rows: Rows) -> list[Rows]:
    """Split one person's rows by shot."""
    borders = np.flatnonzero(np.diff(detections.shot[detections.frame_of[rows]])) + 1
    return np.split(rows, borders)


def _is_person(
    detections: StabilisedDetections,
    face_detections: StabilisedDetections,
    path: ShotPath,
    settings: EvidenceSettings,
) -> bool:
    """Whether a path has enough evidence, by the body or by the face."""
    body, face = detections.confidence[path.bodies], face_detections.confidence[path.faces]
    seen = detections.frame_of[path.bodies] if len(body) else face_detections.frame_of[path.faces]
    sparse = _sparse_frames(detections, int(detections.shot[seen[0]]), settings)
    by_body = (
        len(body) >= settings.least_detections
        and body.mean() >= settings.least_mean_confidence
        and (
            body.max() >= settings.least_best_confidence
            or _weak_evidence(detections, path.bodies, settings) >= settings.least_weak_evidence
        )
    )
    by_face = (
        len(face) >= settings.least_faces and face.max() >= settings.least_best_face_confidence
    )
    in_all_frames = 0 < sparse < settings.least_detections and (
        (len(body) == sparse and body.min() >= settings.least_best_confidence)
        or (len(face) == sparse and face.min() >= settings.least_best_face_confidence)
    )
    return bool(by_body or by_face or in_all_frames)


def _sparse_frames(detections: StabilisedDetections, shot: int, settings: EvidenceSettings) -> int:
    """Count the frames of a shot; 0 of one that is too short to be told from a torn frame."""
    borders: list[int] = np.searchsorted(detections.shot, [shot, shot + 1]).tolist()
    first, end = borders
    if end - first == len(detections.seconds):
        return end - first
    seconds = detections.seconds
    # A shot lasts until the next begins; the last one at least from its first frame to its last.
    span = seconds[end if end < len(seconds) else end - 1] - seconds[first]
    if end == len(seconds):
        span = max(span, seconds[first] - seconds[first - 1])
    return end - first if span >= settings.shortest_sparse_shot else 0


def _weak_evidence(
    detections: StabilisedDetections, rows: Rows, settings: EvidenceSettings
) -> float:
    """Sum what all frames from the first to the last of `rows` say, in confidence x seconds."""
    seen = detections.frame_of[rows]
    confidence = np.zeros(seen[-1] - seen[0] + 1)
    confidence[seen - seen[0]] = detections.confidence[rows]
    seconds = detections.seconds[seen[0] : seen[-1] + 1]
    lasting = np.minimum(np.diff(seconds), settings.longest_instant)
    excess = confidence - settings.neutral_confidence
    return float(((excess[1:] + excess[:-1]) / 2 * lasting).sum())


def _order_key(
    detections: StabilisedDetections, face_detections: StabilisedDetections, path: ShotPath
) -> tuple[int, float, bool, int]:
    """Return the key that orders paths by their beginning, then by confidence; least is first."""
    firsts = [
        (int(seen.frame_of[rows[0]]), -float(seen.confidence[rows[0]]), is_face, int(rows[0]))
        for seen, rows, is_face in (
            (detections, path.bodies, False),
            (face_detections, path.faces, True),
        )
        if len(rows)
    ]
    return min(firsts)


def _reported_frames(detections: StabilisedDetections, rows: Rows, longest_gap: float) -> Rows:
    """List the frames of one path from first to last seen, without gaps too long to fill."""
    if not len(rows):
        return NO_ROWS
    seen = detections.frame_of[rows]
    frame = np.arange(seen[0], seen[-1] + 1)
    before = seen[np.searchsorted(seen, frame, side="right") - 1]
    after = seen[np.searchsorted(seen, frame, side="left")]
    return frame[detections.seconds[after] - detections.seconds[before] <= longest_gap]


def _shot_track(
    observed: NDArray[np.float32], detections: StabilisedDetections, rows: Rows, frame: Rows
) -> ShotTrack:
    """Fit the course of one person in one shot, and take the frames at `frame`.

    `observed` (N,) are the confidences to report.
    """
    course = fit_course(detections, rows)
    seen = detections.frame_of[rows]
    return ShotTrack(
        to_frame(detections, frame, course.cxcywh[frame - course.first_frame]).astype(np.float32),
        np.interp(frame, seen, observed[rows]).astype(np.float32),
        np.isin(frame, seen, assume_unique=True),
    )


def _build_sightings(
    observations: Observations,
    detections: StabilisedDetections,
    face_detections: StabilisedDetections,
    paths: list[ShotPath],
    frames: list[Rows],
    numbers: NDArray[np.int64],
) -> Sightings:
    """Turn the bodies and faces of all paths into rows, one per person and frame."""
    face = np.concatenate([NO_ROWS, *(path.faces for path in paths)])
    # One number for an instant and a person, in the order in which rows are wanted.
    persons = int(numbers.max(initial=0)) + 1
    of_face = face_detections.frame_of[face] * persons
    of_face += np.repeat(numbers, [len(path.faces) for path in paths])
    of_body = (frame * persons + number for frame, number in zip(frames, numbers, strict=True))
    rows = _sorted_unique(np.concatenate([of_face, *of_body]))
    at_face = np.searchsorted(rows, of_face)
    xyxy = np.full((len(rows), 4), np.nan, np.float32)
    confidence = np.empty(len(rows), np.float32)
    confidence[at_face] = observations.faces.confidence[face]
    detected = np.ones(len(rows), np.bool_)
    fit = partial(_shot_track, observations.confidence, detections)
    # One after the other: all together they would be most of a long video's memory.
    for path, frame, number in zip(paths, frames, numbers.tolist(), strict=True):
        if len(frame):
            at = np.searchsorted(rows, frame * persons + number)
            xyxy[at], confidence[at], detected[at] = fit(path.bodies, frame)
    in_order = np.argsort(at_face)
    face_at = np.full(len(rows), NO_FACE)
    face_at[at_face[in_order]] = np.arange(len(face))
    at, person = np.divmod(rows, persons)
    return Sightings(
        person_index=person,
        frame_index=observations.frame_index[at],
        timestamp_ms=observations.timestamp_ms[at],
        xyxy=xyxy,
        confidence=confidence,
        detected=detected,
        face=face_at,
        faces=observations.faces.take(face[in_order]),
    )


def _sorted_unique(instants: Rows) -> Rows:
    """Return each of the numbers, at least 0, once and ascending; sorts the array in place."""
    instants.sort()
    distinct: Rows = instants[np.diff(instants, prepend=-1) > 0]
    return distinct
