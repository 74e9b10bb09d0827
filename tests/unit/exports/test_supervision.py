from collections.abc import Callable

import numpy as np
import supervision as sv

from passerby.exports.supervision import detections
from passerby.records import Sightings

MakeSightings = Callable[..., Sightings]


def persons(seen: object) -> list[int]:
    assert isinstance(seen, sv.Detections)
    assert seen.tracker_id is not None
    found: list[int] = seen.tracker_id.tolist()
    return found


def test_frames_come_in_order_with_everybody_on_them(make_sightings: MakeSightings) -> None:
    sightings = make_sightings((0, 0, 5, True), (2, 0, 50, False), (2, 80, 60, True))

    first, second = detections(sightings)

    assert (first.frame_index, first.timestamp_ms) == (0, 0)
    assert persons(first.detections) == [0, 2]
    assert first.detections.xyxy.tolist() == [[5, 10, 25, 50], [50, 10, 70, 50]]
    assert list(first.detections.data["detected"]) == [True, False]
    assert (second.frame_index, second.timestamp_ms) == (2, 80)
    assert persons(second.detections) == [2]


def test_a_line_counts_who_crosses_it(make_sightings: MakeSightings) -> None:
    right = [(0, 40 * n, 10 * n, True) for n in range(20)]
    left = [(1, 40 * n, 190 - 10 * n, True) for n in range(20)]
    waiting = [(2, 40 * n, 20, True) for n in range(20)]
    line = sv.LineZone(sv.Point(100, 100), sv.Point(100, 0))

    for _, _, seen in detections(make_sightings(*right, *left, *waiting)):
        line.trigger(seen)

    assert (line.in_count, line.out_count) == (1, 1)


def test_a_zone_says_who_is_in_it(make_sightings: MakeSightings) -> None:
    zone = sv.PolygonZone(np.array([[0, 0], [100, 0], [100, 100], [0, 100]]))

    ((_, _, seen),) = detections(make_sightings((4, 0, 20, True), (7, 0, 300, True)))

    assert persons(seen[zone.trigger(seen)]) == [4]


def test_a_face_alone_is_left_out(make_sightings: MakeSightings, add_faces: MakeSightings) -> None:
    sightings = add_faces(make_sightings((0, 0, 5, True), (1, 40, 50, True)), [1], body=False)

    assert [found.frame_index for found in detections(sightings)] == [0]


def test_nobody(make_sightings: MakeSightings) -> None:
    assert list(detections(make_sightings())) == []
