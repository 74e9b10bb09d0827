import numpy as np

from passerby.records import LANDMARKS, Faces
from passerby.testing import frontal_faces


def test_no_faces() -> None:
    faces = frontal_faces([])

    assert [column.shape for column in faces.columns()] == [
        column.shape for column in Faces.none().columns()
    ]


def test_points_lie_where_a_frontal_face_has_them() -> None:
    faces = frontal_faces([[100, 50, 140, 100]], confidence=0.5)

    face = faces[0]
    point = dict(zip(LANDMARKS, face.landmarks, strict=True))
    assert point["eyeLeft"] == (112, 70)
    assert point["nose"] == (120, 80)
    assert all(100 < x < 140 and 50 < y < 100 for x, y in face.landmarks)
    assert (face.confidence, face.roll, face.yaw, face.pitch) == (0.5, 0, 0, 0)
    assert {column.dtype for column in faces.columns()} == {np.dtype(np.float32)}
