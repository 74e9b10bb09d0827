"""Track faces over time, whoever they belong to.

A face implies a body below it. So each face is turned into the box of a standing
person, and those are followed with what follows bodies: what it allows a body to
do in a second, it allows a head. Faces tell nothing of clothes; looks play no part.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from passerby.records import Faces
from passerby.tracking.association import DEFAULT as ASSOCIATION
from passerby.tracking.bidirectional import associate_bidirectionally, extend
from passerby.tracking.stabilisation import StabilisedDetections, from_frame
from passerby.tracking.stitching import stitch
from passerby.tracking.tracklets import NOBODY

# A standing body, in heights of the face's box, which ends at the eyebrows and the chin:
# medians of 251 faces of people standing alone, on three sequences, 2026-11-22.
BODY_WIDTH, BODY_HEIGHT = 4.2, 10.6
FACE_BELOW_TOP = 1.1  # the middle of the face, below the top of the body


def faces_in_view(
    detections: StabilisedDetections, first_face: NDArray[np.int64], faces: Faces
) -> StabilisedDetections:
    """Convert faces to detections on the frames of `detections`, stabilised in the same way.

    Parameters
    ----------
    detections : F frames
    first_face, faces : of the same frames: see `Observations`
    """
    frame_of = np.repeat(np.arange(len(detections.seconds)), np.diff(first_face))
    return replace(
        detections,
        first_detection=first_face,
        frame_of=frame_of,
        cxcywh=from_frame(detections.pose, frame_of, faces.xyxy),
        confidence=faces.confidence.astype(np.float64),
        described=np.empty(0, np.int64),
        appearance=detections.appearance[:0],
    )


def face_tracks(
    face_detections: StabilisedDetections, at_border: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Label each face with its track.

    Parameters
    ----------
    face_detections : M faces
    at_border : (M, 4) bool
        Which borders each face touches: see `borders`.

    Returns
    -------
    (M,) int64
        Tracks from 0, in no particular order, each within one shot. A face that
        continues nothing is a track by itself.
    """
    bodies = _imply_bodies(_drop_empty_frames(face_detections))
    tracklets = associate_bidirectionally(bodies)
    tracklet_of = tracklets.tracklet_of
    no_embeddings = np.zeros((int(tracklet_of.max(initial=NOBODY)) + 1, 1))
    track_of = extend(bodies, stitch(bodies, tracklet_of, no_embeddings, at_border), tracklets)
    alone = np.flatnonzero(track_of == NOBODY)
    track_of[alone] = track_of.max(initial=NOBODY) + 1 + np.arange(len(alone))
    return track_of


def _drop_empty_frames(face_detections: StabilisedDetections) -> StabilisedDetections:
    """Drop the frames that have no face and follow no frame that has one.

    Faces are looked for in some frames only, and each frame takes its time to go through.
    One empty frame stays where a pause begins that ends tracks.
    """
    counts = np.diff(face_detections.first_detection)
    with_face = np.flatnonzero(counts)
    pause = np.diff(face_detections.seconds[with_face], append=np.inf) > ASSOCIATION.longest_gap
    after = with_face[pause] + 1
    kept_frames = np.union1d(with_face, after[after < len(counts)])
    return replace(
        face_detections,
        seconds=face_detections.seconds[kept_frames],
        shot=face_detections.shot[kept_frames],
        first_detection=np.concatenate([[0], np.cumsum(counts[kept_frames])]),
        frame_of=np.searchsorted(kept_frames, face_detections.frame_of),
        pose=face_detections.pose[kept_frames],
    )


def _imply_bodies(face_detections: StabilisedDetections) -> StabilisedDetections:
    """Replace each face by the standing body that it implies."""
    face, height = face_detections.cxcywh, face_detections.cxcywh[:, 3]
    middle = face[:, 1] + (BODY_HEIGHT / 2 - FACE_BELOW_TOP) * height
    body = np.stack([face[:, 0], middle, BODY_WIDTH * height, BODY_HEIGHT * height], axis=1)
    return replace(face_detections, cxcywh=body)
