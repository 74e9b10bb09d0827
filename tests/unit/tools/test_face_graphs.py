"""Each translated operation, against what TensorFlow's does to a picture by hand."""

import base64
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tools.face_graphs import SIDE, FaceTranslation, Levels
from tools.onnx_graph import GraphBuilder
from tools.tfjs import Graph, Node

AS_THEY_ARE = Levels(middle=0, span=1)
# Blue, green, red; what the networks see is red, green, blue.
IMAGE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
SEEN = IMAGE[:, :, ::-1].astype(np.float32)

Array = NDArray[Any]


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def node(operation: str, *inputs: str, name: str = "last", **attributes: Any) -> Node:  # noqa: ANN401
    return Node(name, operation, inputs, attributes)


def numbers(*values: int) -> dict[str, Any]:
    return {"list": {"i": list(values)}}


def convolution(
    operation: str,
    *inputs: str,
    name: str = "last",
    stride: int = 1,
    padding: str = "VALID",
    fused: tuple[str, ...] = (),
) -> Node:
    return node(
        operation,
        *inputs,
        name=name,
        strides=numbers(1, stride, stride, 1),
        padding={"s": text(padding)},
        fused_ops={"list": {"s": [text(each) for each in fused]}},
    )


def computed(
    nodes: list[Node], constants: dict[str, Array], levels: Levels = AS_THEY_ARE
) -> NDArray[np.float32]:
    """(h, w, c) what the node `last` gives for `IMAGE` once it is translated."""
    source = Graph({it.name: it for it in [Node("in", "Placeholder", (), {}), *nodes]}, constants)
    builder = GraphBuilder()
    activation = FaceTranslation(source, builder, levels).activation("last")
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    answer = helper.make_tensor_value_info(
        activation.tensor, TensorProto.FLOAT, ["n", "c", activation.side, activation.side]
    )
    model: onnx.ModelProto = builder.model([image], [answer], "a test")
    (planes,) = ort.InferenceSession(model.SerializeToString()).run(None, {"image": IMAGE[None]})
    result: NDArray[np.float32] = planes[0].transpose(1, 2, 0)
    return result


def tap(row: int, column: int, size: int = 3) -> NDArray[np.float32]:
    """A kernel that takes one of its pixels, each channel to itself."""
    kernel = np.zeros((size, size, 3, 3), np.float32)
    kernel[row, column] = np.eye(3)
    return kernel


AROUND = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)

# The picture with its colours in the networks' order, as the node "rgb".
RGB = convolution("_FusedConv2D", "in", "same colours", name="rgb")
CONSTANTS: dict[str, Array] = {
    "same colours": tap(0, 0, size=1),
    "around": AROUND,
    "a fourth channel": np.array([[0, 0], [0, 0], [0, 0], [0, 1]], np.int32),
    "twice": np.array([2 * SIDE, 2 * SIDE], np.int32),
    "slopes": np.array([[[0.5, -1, 2]]], np.float32),
}


def test_levels_and_colours_become_the_networks() -> None:
    node = convolution("_FusedConv2D", "in", "same colours")

    result = computed([node], CONSTANTS, Levels(middle=127.5, span=127.5))

    np.testing.assert_allclose(result, SEEN / 127.5 - 1, atol=1e-6)


def test_of_an_odd_padding_the_larger_part_comes_last() -> None:
    same = convolution("_FusedConv2D", "in", "kernel", stride=2, padding="SAME")

    first = computed([same], {"kernel": tap(0, 0)})
    last = computed([same], {"kernel": tap(2, 2)})

    np.testing.assert_array_equal(first, SEEN[::2, ::2])
    np.testing.assert_array_equal(last[:-1, :-1], SEEN[2::2, 2::2])
    assert (last[-1] == 0).all()
    assert (last[:, -1] == 0).all()


def test_a_padding_of_its_own_becomes_part_of_the_convolution() -> None:
    nodes = [
        node("Pad", "in", "around", name="padded"),
        convolution("_FusedConv2D", "padded", "kernel", stride=2),
    ]

    result = computed(nodes, CONSTANTS | {"kernel": tap(0, 0)}, Levels(middle=127.5, span=1))

    np.testing.assert_array_equal(result[1:, 1:], SEEN[1:-1:2, 1:-1:2] - 127.5)
    assert (result[0] == 0).all()
    assert (result[:, 0] == 0).all()


@pytest.mark.parametrize("operation", ["FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"])
def test_a_depthwise_kernel_keeps_channels_apart(operation: str) -> None:
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[1, 2, :, 0] = [1, 2, 3]
    last = convolution(operation, "rgb", "kernel", padding="SAME")

    result = computed([RGB, last], CONSTANTS | {"kernel": kernel})

    np.testing.assert_array_equal(result[:, :-1], SEEN[:, 1:] * [1, 2, 3])


@pytest.mark.parametrize(
    ("fused", "expected"),
    [
        pytest.param((), SEEN, id="nothing"),
        pytest.param(("BiasAdd",), SEEN - [0, 99, 200], id="a bias"),
        pytest.param(("BiasAdd", "Relu"), np.maximum(SEEN - [0, 99, 200], 0), id="Relu"),
        pytest.param(
            ("BiasAdd", "Prelu"),
            (SEEN - [0, 99, 200]) * np.where(SEEN < [0, 99, 200], [0.5, -1, 2], 1),
            id="PRelu, a slope for each channel",
        ),
    ],
)
def test_what_a_convolution_does_after_itself(fused: tuple[str, ...], expected: Array) -> None:
    further = ("bias", "slopes")[: len(fused)]
    last = convolution("_FusedConv2D", "in", "same colours", *further, fused=fused)

    result = computed([last], CONSTANTS | {"bias": np.array([0, -99, -200], np.float32)})

    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(node("AddV2", "rgb", "rgb"), SEEN * 2, id="sum"),
        pytest.param(node("Relu", "rgb"), SEEN, id="Relu"),
        pytest.param(node("Prelu", "rgb", "slopes"), SEEN, id="PRelu of positive values"),
        pytest.param(node("Sigmoid", "rgb"), 1 / (1 + np.exp(-SEEN)), id="sigmoid"),
        pytest.param(
            node("MaxPool", "rgb", ksize=numbers(1, 2, 2, 1), strides=numbers(1, 2, 2, 1)),
            SEEN.reshape(96, 2, 96, 2, 3).max(axis=(1, 3)),
            id="largest of four",
        ),
        pytest.param(
            node("Pad", "rgb", "a fourth channel"),
            np.concatenate([SEEN, np.zeros((SIDE, SIDE, 1))], axis=2),
            id="a channel more",
        ),
    ],
)
def test_operations(last: Node, expected: Array) -> None:
    np.testing.assert_allclose(computed([RGB, last], CONSTANTS), expected, rtol=1e-6)


def test_enlarged_pixels_lie_a_quarter_from_their_middle() -> None:
    result = computed([RGB, node("ResizeBilinear", "rgb", "twice")], CONSTANTS)

    row = result[0]  # at the border the outermost pixel goes on
    np.testing.assert_allclose(row[1:-1:2], SEEN[0, :-1] * 0.75 + SEEN[0, 1:] * 0.25, rtol=1e-6)
    np.testing.assert_allclose(row[2::2], SEEN[0, :-1] * 0.25 + SEEN[0, 1:] * 0.75, rtol=1e-6)


def test_channels_become_the_pixels_of_a_block() -> None:
    # 12 channels: the picture's three, three times brighter by 1000.
    kernel = np.tile(np.eye(3, dtype=np.float32), 4)[None, None]
    bias = np.repeat([0, 1000, 2000, 3000], 3).astype(np.float32)
    nodes = [
        convolution("_FusedConv2D", "in", "kernel", "bias", name="wide", fused=("BiasAdd",)),
        node("DepthToSpace", "wide", block_size={"i": "2"}),
    ]

    result = computed(nodes, {"kernel": kernel, "bias": bias})

    assert result.shape == (2 * SIDE, 2 * SIDE, 3)
    np.testing.assert_array_equal(result[::2, ::2], SEEN)
    np.testing.assert_array_equal(result[::2, 1::2], SEEN + 1000)
    np.testing.assert_array_equal(result[1::2, ::2], SEEN + 2000)
    np.testing.assert_array_equal(result[1::2, 1::2], SEEN + 3000)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(node("Elu", "rgb"), id="an operation"),
        pytest.param(
            convolution("_FusedConv2D", "in", "same colours", fused=("Elu",)), id="a fused one"
        ),
    ],
)
def test_what_is_unknown_is_refused(last: Node) -> None:
    with pytest.raises(ValueError, match=r"no translation for .*Elu"):
        computed([RGB, last], CONSTANTS)
