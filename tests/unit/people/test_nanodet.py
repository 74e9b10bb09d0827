"""The family's decoding (in the shipped file) and what is done with its answers."""

import io

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.utils import Extractor

from passerby.inference.session import Image, Outputs
from passerby.inference.weights import find
from passerby.people.nanodet import NanoDetDetector

STRIDES = (8, 16, 32)
WIDTH, HEIGHT = 160, 96
# Added to a bin, enough to make it the whole distribution in float32.
CERTAIN = 200.0

Heads = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def network() -> onnx.ModelProto:
    return onnx.load(io.BytesIO(find("nanodet-g").files["float"].read()))


@pytest.fixture(scope="module")
def decoding(network: onnx.ModelProto) -> ort.InferenceSession:
    """The shipped network from its heads on."""
    names = [f"head_{stride}" for stride in STRIDES]
    part = Extractor(network).extract_model(names, ["boxes", "scores"])
    return ort.InferenceSession(part.SerializeToString())


def nobody() -> Heads:
    """Heads that see nothing, each side's distribution even."""
    return {
        f"head_{stride}": np.concatenate(
            [
                np.full((1, 1, HEIGHT // stride, WIDTH // stride), -9, dtype=np.float32),
                np.zeros((1, 44, HEIGHT // stride, WIDTH // stride), dtype=np.float32),
            ],
            axis=1,
        )
        for stride in STRIDES
    }


def see(heads: Heads, stride: int, cell: tuple[int, int], logit: float, bins: list[int]) -> None:
    """Let one cell (row, column) see a person, its sides at whole bins."""
    answer = heads[f"head_{stride}"][0, :, cell[0], cell[1]]
    answer[0] = logit
    answer[1:].reshape(4, 11)[np.arange(4), bins] = CERTAIN


def test_boxes_are_decoded_around_the_centre_of_their_cell(decoding: ort.InferenceSession) -> None:
    heads = nobody()
    see(heads, 8, (2, 3), logit=1.0, bins=[1, 2, 3, 4])  # centre (28, 20)
    see(heads, 16, (0, 9), logit=3.0, bins=[0, 0, 10, 10])  # centre (152, 8)
    see(heads, 32, (2, 1), logit=2.0, bins=[1, 1, 1, 1])  # centre (48, 80)

    boxes, scores = decoding.run(["boxes", "scores"], heads)

    expected = [[152, 8, 312, 168], [16, 48, 80, 112], [20, 4, 52, 52]]
    np.testing.assert_allclose(boxes[0, :3], expected, atol=1e-4)
    np.testing.assert_allclose(scores[0, :3], 1 / (1 + np.exp([-3.0, -2, -1])), rtol=1e-6)
    assert (scores[0, 3:] < 0.001).all()


def test_an_undecided_side_lies_at_the_mean_of_its_bins(decoding: ort.InferenceSession) -> None:
    heads = nobody()
    heads["head_8"][0, 0, 0, 0] = 1  # centre (4, 4), each side even: 5 bins away

    boxes, _ = decoding.run(["boxes", "scores"], heads)

    np.testing.assert_allclose(boxes[0, 0], [-36, -36, 44, 44], atol=1e-4)


def test_the_shipped_network_decodes_as_a_slow_reader_would(network: onnx.ModelProto) -> None:
    image = np.random.default_rng(3).integers(0, 256, (1, HEIGHT, WIDTH, 3), dtype=np.uint8)
    open_heads = onnx.ModelProto()
    open_heads.CopyFrom(network)
    open_heads.graph.output.extend(
        helper.make_tensor_value_info(f"head_{stride}", TensorProto.FLOAT, None)
        for stride in STRIDES
    )
    session = ort.InferenceSession(open_heads.SerializeToString())
    boxes, scores, *heads = session.run(None, {"image": image})

    expected = sorted(slow_decoding(heads), key=lambda person: -person[0])[:128]

    np.testing.assert_allclose(scores[0], [score for score, _ in expected], rtol=1e-5)
    np.testing.assert_allclose(boxes[0], [box for _, box in expected], atol=1e-3)


def slow_decoding(heads: list[NDArray[np.float32]]) -> list[tuple[float, list[float]]]:
    """(score, box) of every cell, one by one."""
    persons = []
    for stride, head in zip(STRIDES, heads, strict=True):
        for row, column in np.ndindex(head.shape[2:]):
            logit, *bins = head[0, :, row, column].astype(np.float64)
            powers = np.exp(np.reshape(bins, (4, 11)))
            left, top, right, bottom = powers @ np.arange(11) / powers.sum(axis=1) * stride
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            box = [x - left, y - top, x + right, y + bottom]
            persons.append((1 / (1 + np.exp(-logit)), box))
    return persons


def test_a_tiny_image_has_fewer_rows(network: onnx.ModelProto) -> None:
    session = ort.InferenceSession(network.SerializeToString())

    boxes, scores = session.run(None, {"image": np.zeros((1, 32, 32, 3), dtype=np.uint8)})

    assert boxes.shape == (1, 21, 4)  # 16 + 4 + 1 cells
    assert scores.shape == (1, 21)


def test_in_the_int8_file_the_decoding_is_float() -> None:
    graph = onnx.load(io.BytesIO(find("nanodet-g").files["int8"].read())).graph
    tainted = {f"head_{stride}" for stride in STRIDES}
    operations = set()
    for node in graph.node:
        if tainted & set(node.input):
            tainted |= set(node.output)
            operations.add(node.op_type)

    assert {"Softmax", "TopK"} <= operations
    assert not {"QuantizeLinear", "DequantizeLinear"} & operations


class Scripted:
    """A session that always gives the same answer."""

    def __init__(self, boxes: list[list[float]], scores: list[float]) -> None:
        self._outputs = [np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32)]

    def run(self, image: Image) -> Outputs:  # noqa: ARG002
        return self._outputs


@pytest.mark.parametrize(
    ("boxes", "scores", "expected"),
    [
        pytest.param([], [], [], id="no rows"),
        pytest.param([[0, 0, 4, 8]], [0.04], [], id="too unlikely"),
        pytest.param([[0, 0, 4, 8]], [0.06], [0], id="low scores are kept"),
        pytest.param([[0, 0, 4, 8], [0, 0, 4, 8]], [0.9, 0.8], [0], id="the same person twice"),
        pytest.param([[0, 0, 4, 8], [9, 0, 13, 8]], [0.9, 0.8], [0, 1], id="two persons"),
    ],
)
def test_detect(boxes: list[list[float]], scores: list[float], expected: list[int]) -> None:
    detector = NanoDetDetector("scripted", lambda *_: Scripted(boxes, scores), logit_shift=0.0)

    found = detector.detect(np.zeros((32, 32, 3), dtype=np.uint8))

    assert found.xyxy.tolist() == [boxes[row] for row in expected]
    np.testing.assert_allclose(found.confidence, np.array(scores)[expected], rtol=1e-6)


def test_confidence_is_the_shifted_score() -> None:
    detector = NanoDetDetector("scripted", lambda *_: Scripted([[0, 0, 4, 8]], [0.5]), -1.0)

    found = detector.detect(np.zeros((32, 32, 3), dtype=np.uint8))

    assert found.confidence.tolist() == pytest.approx([1 / (1 + np.e)])


def test_a_session_is_opened_once_a_size() -> None:
    opened = []

    def open_session(width: int, height: int) -> Scripted:
        opened.append((width, height))
        return Scripted([], [])

    detector = NanoDetDetector("scripted", open_session, logit_shift=0.0)
    for height, width in [(32, 64), (96, 32), (32, 64)]:
        detector.detect(np.zeros((height, width, 3), dtype=np.uint8))

    assert opened == [(64, 32), (32, 96)]
