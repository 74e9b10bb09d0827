"""Who is left at the end: ghosts dropped, persons numbered, gaps filled.

A ghost is a path with too little evidence behind it: seen a few times only, or never
seen well (a post, a reflection, a coat on a stand). Either the body or the face may give it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.records import NO_FACE, Observations, Sightings
from passerby.tracking.smoothing import fit_course
from passerby.tracking.stabilisation import StabilisedDetections, to_frame
from passerby.tracking.tracklets import Rows, rows_by_label


@dataclass(frozen=True)
class EvidenceSettings:
    """What a path needs to count as a person. Confidences in [0, 1]."""

    least_detections: int = 3
    least_best_confidence: float = 0.55
    least_mean_confidence: float = 0.3
    # Or, by the face alone:
    least_faces: int = 3
    least_best_face_confidence: float = 0.6
    longest_filled_gap: float = 4.0  # seconds; nobody is reported within a longer one


DEFAULT = EvidenceSettings()


@dataclass(frozen=True)
class Path:
    """What was detected of one person in one shot."""

    label: int
    bodies: Rows  # rows of detections; may be none
    faces: Rows  # rows of faces; may be none


class ShotTrack(NamedTuple):
    """One person in one shot, on n frames where they are reported."""

    xyxy: NDArray[np.float32]  # (n, 4) pixels of those frames
    confidence: NDArray[np.float32]  # (n,) of the detection, or between its neighbours'
    detected: NDArray[np.bool_]  # (n,)


NO_ROWS = np.empty(0, np.int64)


def sightings(
    observations: Observations,
    detections: StabilisedDetections,
    person_of: NDArray[np.int64],
    face_view: StabilisedDetections,
    face_person_of: NDArray[np.int64],
    settings: EvidenceSettings = DEFAULT,
) -> Sightings:
    """Boxes of every person on every analysed frame of their stay, and their faces.

    Parameters
    ----------
    observations : of N detections and M faces
    view, face_view : the detections and the faces, steadied
    person_of : (N,) labels of `reidentify`
    face_person_of : (M,) labels of the same persons, and of others
        A label occurs at most once in a frame.
    settings : EvidenceSettings

    Returns
    -------
    Sightings
        Person indexes in order of first appearance (ties: the surer first).
    """
    paths = _paths(detections, person_of, face_view, face_person_of)
    paths = [path for path in paths if _is_person(detections, face_view, path, settings)]
    paths.sort(key=lambda path: _appearance(detections, face_view, path))
    number_of = {label: n for n, label in enumerate(dict.fromkeys(path.label for path in paths))}
    numbers = np.array([number_of[path.label] for path in paths], np.int64)
    frames = [_reported(detections, path.bodies, settings.longest_filled_gap) for path in paths]
    return _as_rows(observations, detections, face_view, paths, frames, numbers)


def _paths(
    detections: StabilisedDetections,
    person_of: NDArray[np.int64],
    face_view: StabilisedDetections,
    face_person_of: NDArray[np.int64],
) -> list[Path]:
    """What was detected of everybody in each shot: a curve must not run through a cut."""
    bodies = {
        (int(person_of[rows[0]]), int(detections.shot[detections.frame_of[rows[0]]])): rows
        for whole in rows_by_label(person_of)
        for rows in _by_shot(detections, whole)
    }
    faces = {
        (int(face_person_of[rows[0]]), int(detections.shot[face_view.frame_of[rows[0]]])): rows
        for whole in rows_by_label(face_person_of)
        for rows in _by_shot(face_view, whole)
    }
    return [
        Path(key[0], bodies.get(key, NO_ROWS), faces.get(key, NO_ROWS))
        for key in dict.fromkeys([*bodies, *faces])
    ]


def _by_shot(detections: StabilisedDetections, rows: Rows) -> list[Rows]:
    """One person's rows in each shot."""
    borders = np.flatnonzero(np.diff(detections.shot[detections.frame_of[rows]])) + 1
    return np.split(rows, borders)


def _is_person(
    detections: StabilisedDetections,
    face_view: StabilisedDetections,
    path: Path,
    settings: EvidenceSettings,
) -> bool:
    """Whether a path has enough evidence, by the body or by the face."""
    body, face = detections.confidence[path.bodies], face_view.confidence[path.faces]
    by_body = (
        len(body) >= settings.least_detections
        and body.max() >= settings.least_best_confidence
        and body.mean() >= settings.least_mean_confidence
    )
    by_face = (
        len(face) >= settings.least_faces and face.max() >= settings.least_best_face_confidence
    )
    return bool(by_body or by_face)


def _appearance(
    detections: StabilisedDetections, face_view: StabilisedDetections, path: Path
) -> tuple[int, float, bool, int]:
    """When a path begins, and what decides among those that begin together: least is first."""
    firsts = [
        (int(seen.frame_of[rows[0]]), -float(seen.confidence[rows[0]]), is_face, int(rows[0]))
        for seen, rows, is_face in ((detections, path.bodies, False), (face_view, path.faces, True))
        if len(rows)
    ]
    return min(firsts)


def _reported(detections: StabilisedDetections, rows: Rows, longest_gap: float) -> Rows:
    """Frames of one path in one shot: from first to last seen, without gaps too long to fill."""
    if not len(rows):
        return NO_ROWS
    seen = detections.frame_of[rows]
    frame = np.arange(seen[0], seen[-1] + 1)
    before = seen[np.searchsorted(seen, frame, side="right") - 1]
    after = seen[np.searchsorted(seen, frame, side="left")]
    return frame[detections.seconds[after] - detections.seconds[before] <= longest_gap]


def _shot_track(detections: StabilisedDetections, rows: Rows, frame: Rows) -> ShotTrack:
    """Course of one person in one shot, on the frames at `frame`."""
    course = fit_course(detections, rows)
    seen = detections.frame_of[rows]
    return ShotTrack(
        to_frame(detections, frame, course.cxcywh[frame - course.first_frame]).astype(np.float32),
        np.interp(frame, seen, detections.confidence[rows]).astype(np.float32),
        np.isin(frame, seen, assume_unique=True),
    )


def _as_rows(
    observations: Observations,
    detections: StabilisedDetections,
    face_view: StabilisedDetections,
    paths: list[Path],
    frames: list[Rows],
    numbers: NDArray[np.int64],
) -> Sightings:
    """Body and faces of each path as rows: both in one where they are together."""
    face = np.concatenate([NO_ROWS, *(path.faces for path in paths)])
    # One number for an instant and a person, in the order in which rows are wanted.
    persons = int(numbers.max(initial=0)) + 1
    of_face = face_view.frame_of[face] * persons
    of_face += np.repeat(numbers, [len(path.faces) for path in paths])
    of_body = (frame * persons + number for frame, number in zip(frames, numbers, strict=True))
    rows = _distinct(np.concatenate([of_face, *of_body]))
    at_face = np.searchsorted(rows, of_face)
    xyxy = np.full((len(rows), 4), np.nan, np.float32)
    confidence = np.empty(len(rows), np.float32)
    confidence[at_face] = observations.faces.confidence[face]
    detected = np.ones(len(rows), np.bool_)
    # One after the other: all together they would be most of a long video's memory.
    for path, frame, number in zip(paths, frames, numbers.tolist(), strict=True):
        if len(frame):
            at = np.searchsorted(rows, frame * persons + number)
            xyxy[at], confidence[at], detected[at] = _shot_track(detections, path.bodies, frame)
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


def _distinct(instants: Rows) -> Rows:
    """Each of the numbers, at least 0, once and ascending; the array is sorted in place."""
    instants.sort()
    distinct: Rows = instants[np.diff(instants, prepend=-1) > 0]
    return distinct
