import msgspec
import numpy as np
import pytest

from passerby.records import LANDMARKS, Faces
from passerby.testing import frontal_faces
from passerby.wire.faces import Classification, face_details

WIDTH, HEIGHT = 640, 320


def a_face() -> Faces:
    """One whose numbers are easy fractions."""
    points = np.zeros((1, 30, 2), np.float32)
    points[0, :5, 0] = [160, 170, 162.5, 167.5, 165]
    points[0, :5, 1] = [80, 80, 90, 90, 85]
    return Faces(
        xyxy=np.array([[160, 80, 192, 120]], np.float32),
        confidence=np.array([0.75], np.float32),
        landmarks=points,
        pose=np.array([[-3.5, 20, 7.25]], np.float32),
        quality=np.array([[62.5, 41]], np.float32),
        expression=np.full((1, 3), np.nan, np.float32),
    )


def test_no_faces() -> None:
    assert face_details(Faces.none(), WIDTH, HEIGHT, None) == []


def test_a_face_on_the_wire_has_what_the_service_gave_by_default() -> None:
    (face,) = face_details(a_face(), WIDTH, HEIGHT, None)

    assert msgspec.json.decode(msgspec.json.encode(face)) == {
        # 0.05 as a float32, widened.
        "BoundingBox": {"Width": 0.05000000074505806, "Height": 0.125, "Left": 0.25, "Top": 0.25},
        "Confidence": 75.0,
        "Landmarks": [
            {"Type": "eyeLeft", "X": 0.25, "Y": 0.25},
            {"Type": "eyeRight", "X": 0.265625, "Y": 0.25},
            {"Type": "mouthLeft", "X": 0.25390625, "Y": 0.28125},
            {"Type": "mouthRight", "X": 0.26171875, "Y": 0.28125},
            {"Type": "nose", "X": 0.2578125, "Y": 0.265625},
        ],
        "Pose": {"Roll": -3.5, "Yaw": 20.0, "Pitch": 7.25},
        "Quality": {"Brightness": 62.5, "Sharpness": 41.0},
    }


@pytest.mark.parametrize(
    ("xyxy", "width", "height", "left", "top"),
    [
        pytest.param([82.5, 42.5, 162.5, 122.5], 0.125, 0.25, 0.12890625, 0.1328125, id="inside"),
        pytest.param([-20, -20, 80, 40], 0.125, 0.125, 0, 0, id="cut at the left and the top"),
        pytest.param([560, 280, 700, 400], 0.125, 0.125, 0.875, 0.875, id="at the right, below"),
    ],
)
def test_boxes_are_parts_of_pixels_within_the_frame(
    xyxy: list[float], width: float, height: float, left: float, top: float
) -> None:
    faces = frontal_faces([xyxy])

    (face,) = face_details(faces, WIDTH, HEIGHT, None)

    box = face.bounding_box
    assert (box.width, box.height, box.left, box.top) == (width, height, left, top)


def classify_expressions(
    faces: Faces,
) -> list[tuple[Classification, Classification, Classification]]:
    return [((True, 98.7), (False, 75.0), None) for _ in range(len(faces))]


def test_a_judge_adds_landmarks_and_what_it_can_tell() -> None:
    faces = a_face()
    faces.landmarks[0, -1] = [320, 160]

    (face,) = face_details(faces, WIDTH, HEIGHT, classify_expressions)

    wire = msgspec.json.decode(msgspec.json.encode(face))
    assert [each["Type"] for each in wire["Landmarks"]] == list(LANDMARKS)
    assert wire["Landmarks"][-1] == {"Type": "upperJawlineRight", "X": 0.5, "Y": 0.5}
    assert wire["EyesOpen"] == {"Value": True, "Confidence": 98.69999694824219}
    assert wire["MouthOpen"] == {"Value": False, "Confidence": 75.0}
    assert "Smile" not in wire
