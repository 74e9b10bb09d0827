"""Landmarks of a mesh whose every point says which row it is."""

import numpy as np
import pytest

from passerby.faces.landmarks import ROWS, landmarks
from passerby.records import LANDMARKS

ROW = np.arange(468.0)
NUMBERED = np.stack([ROW, 1000 + ROW, np.full(468, np.nan)], axis=1)


def test_every_landmark_has_its_rows() -> None:
    assert list(ROWS) == list(LANDMARKS)


def test_shape() -> None:
    found = landmarks(NUMBERED.astype(np.float32))

    assert found.shape == (30, 2)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "row"),
    [
        pytest.param("eyeLeft", 117.5, id="an eye is the middle of corners and lids"),
        pytest.param("eyeRight", 346.25, id="the other eye"),
        pytest.param("rightPupil", 346.25, id="a pupil is where the eye is"),
        pytest.param("nose", 1, id="nose"),
        pytest.param("mouthLeft", 61, id="corner of the mouth"),
        pytest.param("chinBottom", 152, id="chin"),
        pytest.param("upperJawlineRight", 454, id="the last one"),
    ],
)
def test_place(name: str, row: float) -> None:
    found = landmarks(NUMBERED)[LANDMARKS.index(name)]

    assert found.tolist() == [row, 1000 + row]
