from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from passerby.boxes import iou
from passerby.errors import ModelError
from passerby.inference.session import Runtime
from passerby.people.detector import open_detector, scaled
from passerby.people.input_size import probe_size
from passerby.records import Detections

# Read off the picture by eye: from the hair to the lower border, 512 x 512 pixels.
ASTRONAUT = np.array([[20.0, 5, 430, 512]])


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_one_astronaut_is_found(runtime: Runtime) -> None:
    if runtime == "openvino":
        pytest.importorskip("passerby.inference.open_vino")
    image = np.asarray(cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png"))))
    size = probe_size(512, 512)

    small = np.asarray(cv2.resize(image, size), dtype=np.uint8)
    found = scaled(open_detector(runtime=runtime).detect(small), size, (512, 512))

    assert found.xyxy.dtype == found.confidence.dtype == np.float32
    (likely,) = np.flatnonzero(found.confidence > 0.5)
    assert iou(found.xyxy[likely : likely + 1], ASTRONAUT) > 0.7


def test_an_even_image_holds_nobody() -> None:
    grey = np.full((256, 480, 3), 114, dtype=np.uint8)

    assert (open_detector().detect(grey).confidence < 0.3).all()


def test_identity_names_network_runtime_and_format() -> None:
    identity = open_detector(runtime="onnxruntime").identity

    assert identity.startswith("nanodet-g@sha256:")
    assert "/onnxruntime-" in identity


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ModelError, match="no network called 'yolo'"):
        open_detector("yolo")


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([[0, 0, 320, 160]], [[0, 0, 1920, 1080]], id="the whole image"),
        pytest.param([[-8, 80, 16, 168]], [[-48, 540, 96, 1134]], id="beyond the border"),
    ],
)
def test_scaled(boxes: list[list[float]], expected: list[list[float]]) -> None:
    detections = Detections(
        np.array(boxes, dtype=np.float32).reshape(-1, 4), np.ones(len(boxes), dtype=np.float32)
    )

    result = scaled(detections, (320, 160), (1920, 1080))

    assert result.xyxy.dtype == np.float32
    assert result.xyxy.tolist() == expected
