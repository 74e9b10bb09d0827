"""From the observations of a whole video to the persons in it.

The cheap half of the work: arrays only, no pixels, in order, once.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.boxes import square_width
from passerby.records import NO_FACE, Observations, Sightings
from passerby.tracking.appearance import appearance_embeddings
from passerby.tracking.bidirectional import associate_bidirectionally, extend
from passerby.tracking.borders import at_border
from passerby.tracking.doubt import Doubt, doubtful_persons
from passerby.tracking.faces.assignment import pair, relabel
from passerby.tracking.faces.tracks import face_tracks, faces_in_view
from passerby.tracking.finalise import sightings
from passerby.tracking.gap_evidence import fill_gaps
from passerby.tracking.reidentification import reidentify
from passerby.tracking.stabilisation import EVEN, StabilisedDetections, judge, stabilise
from passerby.tracking.stitching import stitch
from passerby.tracking.track_motion import shared_motion


class Linked(NamedTuple):
    """The persons in a video, and which of them may be none."""

    sightings: Sightings
    doubts: Mapping[int, Doubt]  # by person index, as it was before any were left out


def link(
    observations: Observations, width: int, height: int, confidence: float = EVEN
) -> Sightings:
    """Say who was where and when in a video that was observed to its end.

    Parameters
    ----------
    observations : Observations
        Of the whole video, in time order.
    width, height : int
        Of the upright frame, pixels.
    confidence : float in (0, 1)
        Of detections and faces that count as those of 0.5 usually do: see `judge`.

    Returns
    -------
    Sightings
        With the confidences as they were observed. Boxes may reach over the frame's border
        where a person does, but not lie wholly outside.
    """
    detections = judge(stabilise(observations), confidence)
    faces = faces_in_view(detections, observations.first_face, observations.faces)
    faces = judge(faces, confidence)
    person_of, face_person_of = _persons(observations, detections, faces, (width, height))
    found = sightings(observations, detections, person_of, faces, face_person_of)
    return _in_frame(found, width, height)


def link_oblong(
    observations: Observations,
    size: tuple[int, int],
    pixel_aspect: float,
    *,
    confidence: float = EVEN,
    strict: bool = False,
) -> Linked:
    """As `link`, of a video whose pixels may not be square, with doubts.

    Parameters
    ----------
    observations : Observations
        In square pixels: see `square_width`.
    size : (width, height)
        Of the upright frame, stored pixels.
    pixel_aspect : float
        Width of a stored pixel for a height of 1.
    confidence : float in (0, 1)
    strict : bool
        Whether persons are left out who may be none.

    Returns
    -------
    Linked
        Sightings in stored pixels, faces as well.
    """
    width, height = size
    square = square_width(width, pixel_aspect)
    found = link(observations, square, height, confidence)
    doubts = doubtful_persons(observations, found, confidence)
    if strict and doubts:
        found = _renumbered(found.take(~np.isin(found.person_index, list(doubts))))
    return Linked(_in_stored_pixels(found, width / square), doubts)


def link_boxes(observations: Observations, width: int, height: int) -> Sightings:
    """As `link`, for boxes that came without pixels: the people tell how the camera moved.

    The camera's motion in `observations` must be none; it is not known.
    """
    motion = shared_motion(stabilise(observations))
    return link(replace(observations, camera_motion=motion), width, height)


def _in_stored_pixels(found: Sightings, shrink: float) -> Sightings:
    """Scale all that is horizontal by `shrink`."""
    if shrink == 1:
        return found
    point = np.array([shrink, 1], np.float32)
    faces = replace(
        found.faces,
        xyxy=found.faces.xyxy * np.tile(point, 2),
        landmarks=found.faces.landmarks * point,
    )
    return replace(found, xyxy=found.xyxy * np.tile(point, 2), faces=faces)


def _persons(
    observations: Observations,
    detections: StabilisedDetections,
    faces: StabilisedDetections,
    size: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels of the detections and of the faces, the same for all of one person."""
    shot_track_of = _shot_tracks(observations, detections, size)
    track_of = face_tracks(faces, at_border(observations.faces.xyxy, *size))
    kin = pair(detections, shot_track_of, faces, track_of)
    person_of = reidentify(detections, kin.body)
    return person_of, relabel(kin, person_of)


def _shot_tracks(
    observations: Observations, detections: StabilisedDetections, size: tuple[int, int]
) -> NDArray[np.int64]:
    """Labels of the detections: one person in one shot."""
    tracklets = associate_bidirectionally(detections)
    embeddings = appearance_embeddings(detections, tracklets.tracklet_of)
    border = at_border(observations.xyxy, *size)
    stitched = stitch(detections, tracklets.tracklet_of, embeddings, border)
    return extend(detections, fill_gaps(detections, stitched), tracklets)


def _in_frame(found: Sightings, width: int, height: int) -> Sightings:
    """Without the boxes that a course carried out of the frame between two detections."""
    inside = boxes.area(boxes.clip(found.xyxy, width, height)) > 0
    outside = found.has_body & ~inside
    if not outside.any():
        return found
    by_face = np.flatnonzero(outside & (found.face != NO_FACE))
    xyxy, confidence, detected = found.xyxy.copy(), found.confidence.copy(), found.detected.copy()
    xyxy[by_face], detected[by_face] = np.nan, True
    confidence[by_face] = found.faces.confidence[found.face[by_face]]
    outside[by_face] = False
    faces_only = replace(found, xyxy=xyxy, confidence=confidence, detected=detected)
    return _renumbered(faces_only.take(~outside))


def _renumbered(found: Sightings) -> Sightings:
    """The same persons, counted in order of first appearance again."""
    _, first_row, person = np.unique(found.person_index, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first_row))[person]
    return replace(found, person_index=number).take(np.lexsort((number, found.frame_index)))
