"""Put fragments, the shortest tracklets, where they fit on the paths of persons.

A tracklet of one or two detections has no velocity and hardly an appearance, so it is as
likely to continue one person as another. Stitched like the others, fragments make bridges
from person to person. So the longer tracklets are stitched first, and a fragment joins a
path only where it lies in one of its gaps and on its course.
"""

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import Rows

Floats = NDArray[np.float64]

# Least mean IoU of a fragment with the straight course across the gap. The result is the
# same from 0.2 to 0.6 on three sequences, 2026-12-01.
LEAST_OVERLAP = 0.4


def insert_fragments(
    detections: StabilisedDetections, paths: list[Rows], fragments: list[Rows]
) -> tuple[list[Rows], Rows]:
    """Insert each fragment into the path on whose course it lies best.

    Parameters
    ----------
    detections : N detections
    paths, fragments : lists of rows, ascending

    Returns
    -------
    paths : list of rows
        In the order given, with the fragments that they took in.
    rest : (K,) int64
        Positions of the fragments that fit nowhere.
    """
    candidates = _candidates(detections, paths, fragments)
    taken: dict[int, int] = {}
    new_frames: list[set[int]] = [set() for _ in paths]
    for _, fragment, path in sorted(candidates):
        frames = set(detections.frame_of[fragments[fragment]].tolist())
        if fragment not in taken and not frames & new_frames[path]:
            taken[fragment] = path
            new_frames[path] |= frames
    additions: list[list[Rows]] = [[] for _ in paths]
    for fragment, path in taken.items():
        additions[path].append(fragments[fragment])
    whole = [
        np.sort(np.concatenate([rows, *added])) if added else rows
        for rows, added in zip(paths, additions, strict=True)
    ]
    rest = [number for number in range(len(fragments)) if number not in taken]
    return whole, np.array(rest, np.int64)


def _candidates(
    detections: StabilisedDetections, paths: list[Rows], fragments: list[Rows]
) -> list[tuple[float, int, int]]:
    """List (minus overlap, fragment, path) of all that fit; the best sorts first."""
    first = np.array([detections.frame_of[rows[0]] for rows in paths], np.int64)
    last = np.array([detections.frame_of[rows[-1]] for rows in paths], np.int64)
    found = []
    for number, rows in enumerate(fragments):
        frames = detections.frame_of[rows]
        for path in np.flatnonzero((first < frames[0]) & (frames[-1] < last)).tolist():
            overlap = _overlap(detections, paths[path], rows)
            if overlap >= LEAST_OVERLAP:
                found.append((-overlap, number, path))
    return found


def _overlap(detections: StabilisedDetections, path: Rows, fragment: Rows) -> float:
    """Mean IoU of a fragment with the course of a path; 0 where the path was detected itself."""
    on_path, frames = detections.frame_of[path], detections.frame_of[fragment]
    after = np.searchsorted(on_path, frames)
    if (on_path[after] == frames).any():
        return 0.0
    seconds = detections.seconds
    began, ended = seconds[on_path[after - 1]], seconds[on_path[after]]
    share = ((seconds[frames] - began) / (ended - began))[:, None]
    before_gap, after_gap = detections.cxcywh[path[after - 1]], detections.cxcywh[path[after]]
    course = before_gap * (1 - share) + after_gap * share
    # Fragments are short: the pairs beside the diagonal cost nothing.
    overlaps = iou(_corners(course), _corners(detections.cxcywh[fragment])).diagonal()
    return float(overlaps.mean())


def _corners(cxcywh: Floats) -> Floats:
    """Boxes (M, 4) as `xyxy`."""
    half = cxcywh[:, 2:] / 2
    corners: Floats = np.hstack([cxcywh[:, :2] - half, cxcywh[:, :2] + half])
    return corners
