import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from tools.onnx_graph import GraphBuilder
from tools.quantization import measure_ranges, quantised

HEADS = ["head"]


@pytest.fixture(scope="module")
def network() -> onnx.ModelProto:
    """Brightness of a pixel, halved, then minus 100: the last step is the head."""
    builder = GraphBuilder()
    floats = builder.add("Cast", "image", to=TensorProto.FLOAT)
    planes = builder.add("Transpose", floats, perm=[0, 3, 1, 2])
    third = builder.floats(np.full((1, 3, 1, 1), 1 / 6))
    half = builder.add("Conv", planes, third, builder.floats([0]), name="half")
    one = builder.floats(np.ones((1, 1, 1, 1)))
    builder.add("Conv", half, one, builder.floats([-100]), name="head")
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", "h", "w", 3])
    head = helper.make_tensor_value_info("head", TensorProto.FLOAT, ["n", 1, "h", "w"])
    return builder.model([image], [head], "a test")


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(3)]


def test_ranges_stop_before_the_head(network: onnx.ModelProto, images: list[np.ndarray]) -> None:
    ranges = measure_ranges(network, iter(images), HEADS)

    assert "head" not in ranges
    lowest, highest = ranges["half"]
    brightest = max(image.mean(axis=2).max() for image in images) / 2
    assert -brightest <= lowest <= 5
    assert highest == pytest.approx(brightest, rel=0.03)


def test_integers_stop_before_the_head(network: onnx.ModelProto, images: list[np.ndarray]) -> None:
    result = quantised(network, measure_ranges(network, iter(images), HEADS), HEADS)

    quantised_tensors = {
        node.input[0] for node in result.graph.node if node.op_type == "QuantizeLinear"
    }
    assert "half" in quantised_tensors
    assert "head" not in quantised_tensors
    session = ort.InferenceSession(result.SerializeToString())
    (computed,) = session.run(None, {"image": images[0][None]})
    expected = images[0].mean(axis=2) / 2 - 100
    assert np.abs(computed[0, 0] - expected).max() < 1.5
