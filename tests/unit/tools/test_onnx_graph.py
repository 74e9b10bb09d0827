import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from tools.onnx_graph import SMALLEST_HALVED, GraphBuilder, halved

EXACT = np.arange(SMALLEST_HALVED, dtype=np.float32)  # halves hold integers up to 2048


def sum_with(constant: np.ndarray) -> onnx.ModelProto:
    builder = GraphBuilder()
    builder.add("Add", "x", builder.floats(constant), name="y")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy")
    return builder.model([x], [y], "a test")


@pytest.mark.parametrize(
    ("constant", "stored"),
    [
        pytest.param(EXACT, np.float16, id="representable in half the space"),
        pytest.param(EXACT + np.float32(0.3), np.float32, id="some values would change"),
        pytest.param(EXACT[:-1], np.float32, id="too small to be worth it"),
    ],
)
def test_halving_keeps_the_numbers(constant: np.ndarray, stored: type) -> None:
    result = halved(sum_with(constant))

    (tensor,) = result.graph.initializer
    assert numpy_helper.to_array(tensor).dtype == stored
    session = ort.InferenceSession(result.SerializeToString())
    (computed,) = session.run(None, {"x": np.zeros_like(constant)})
    np.testing.assert_array_equal(computed, constant)


def test_the_same_graph_gives_the_same_bytes() -> None:
    first, second = (sum_with(EXACT).SerializeToString(deterministic=True) for _ in range(2))

    assert first == second
