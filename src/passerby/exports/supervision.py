"""Sightings as the `Detections` that Roboflow's supervision draws, counts and filters.

Needs the extra `supervision`:

    import supervision as sv
    import passerby
    from passerby.exports.supervision import detections

    zone = sv.PolygonZone(polygon)
    for frame_index, timestamp_ms, seen in detections(passerby.track("street.mp4").sightings):
        inside = seen[zone.trigger(seen)]
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import supervision as sv

from passerby.records import Sightings


class FrameDetections(NamedTuple):
    """Everybody on one frame."""

    frame_index: int  # number of the decoded frame, from 0
    timestamp_ms: int
    detections: sv.Detections  # `tracker_id`: person index; `data["detected"]`: not filled in


def detections(sightings: Sightings) -> Iterator[FrameDetections]:
    """Yield the frames on which a body was seen, in order of time.

    `sightings` are those of a whole result: of `passerby.track`, of
    `passerby.results.tables.read_table`, or of
    `passerby.bootstrap.analysis_result.open_result`. Faces are left out.
    """
    bodies = sightings.take(sightings.has_body)
    _, firsts = np.unique(bodies.frame_index, return_index=True)
    for rows in np.split(np.arange(len(bodies)), firsts)[1:]:
        seen = sv.Detections(
            xyxy=bodies.xyxy[rows],
            confidence=bodies.confidence[rows],
            class_id=np.zeros(len(rows), np.int64),
            tracker_id=bodies.person_index[rows],
            data={"detected": bodies.detected[rows]},
        )
        first = rows[0]
        yield FrameDetections(int(bodies.frame_index[first]), int(bodies.timestamp_ms[first]), seen)
