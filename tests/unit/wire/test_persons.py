import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from passerby.records import NO_FACE, Faces, Sightings
from passerby.testing import frontal_faces
from passerby.wire.persons import person_detections


def sightings(xyxy: list[list[float]]) -> Sightings:
    count = len(xyxy)
    return Sightings(
        person_index=np.arange(count) + 3,
        frame_index=np.arange(count),
        timestamp_ms=np.arange(count) * 66,
        xyxy=np.array(xyxy, dtype=np.float32).reshape(-1, 4),
        confidence=np.full(count, 0.5, dtype=np.float32),
        detected=np.ones(count, dtype=bool),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


def test_no_sightings() -> None:
    assert person_detections(sightings([]), 640, 360) == []


def test_a_sighting_on_the_wire() -> None:
    rows = sightings([[0, 0, 1, 1], [797, 540, 1277, 1080]])

    # 0.4151041805744171 is what the service printed for 797 pixels of 1920.
    assert msgspec.json.encode(person_detections(rows, 1920, 1080)[1:]) == (
        b'[{"Timestamp":66,"Person":{"Index":4,"BoundingBox":'
        b'{"Width":0.25,"Height":0.5,"Left":0.4151041805744171,"Top":0.5}}}]'
    )


def test_an_item_has_a_body_a_face_or_both() -> None:
    rows = replace(
        sightings([[0, 0, 1, 1], [np.nan] * 4, [2, 2, 3, 3]]),
        face=np.array([NO_FACE, 1, 0]),
        faces=frontal_faces([[2, 2, 3, 3], [4, 4, 6, 6]]),
    )

    found = json.loads(msgspec.json.encode(person_detections(rows, 16, 8)))

    assert [set(each["Person"]) for each in found] == [
        {"Index", "BoundingBox"},
        {"Index", "Face"},
        {"Index", "BoundingBox", "Face"},
    ]
    assert [each["Person"]["Face"]["BoundingBox"]["Left"] for each in found[1:]] == [0.25, 0.125]


@pytest.mark.parametrize(
    ("xyxy", "width", "height", "left", "top"),
    [
        pytest.param([8, 4, 16, 8], 0.5, 0.5, 0.5, 0.5, id="whole pixels"),
        pytest.param([7.6, 4.4, 15.5, 8.2], 0.5, 0.5, 0.5, 0.5, id="edges go to the nearest pixel"),
        pytest.param([-4, -9, 8, 4], 0.5, 0.5, 0, 0, id="cut at the left and the top"),
        pytest.param([8, 4, 99, 99], 0.5, 0.5, 0.5, 0.5, id="cut at the right and the bottom"),
        pytest.param([-5, -5, 50, 50], 1, 1, 0, 0, id="larger than the frame"),
    ],
)
def test_boxes_are_whole_pixels_within_the_frame(
    xyxy: list[float], width: float, height: float, left: float, top: float
) -> None:
    (detection,) = person_detections(sightings([xyxy]), 16, 8)

    box = detection.person.bounding_box
    assert box is not None
    assert (box.width, box.height, box.left, box.top) == (width, height, left, top)
