"""Build an ONNX graph: add nodes and constants one by one, names are made up.

Also: store its weights in half of the space where that loses nothing.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

# ONNX 1.12 (2022). Old enough for every runtime in use; 13 is the least that
# quantises per channel.
OPSET = 17
IR_VERSION = 8

# Elements. Below this a constant is not worth a node that widens it at load.
SMALLEST_HALVED = 1024


class GraphBuilder:
    """A graph that grows; each method returns the name of what it added."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: ArrayLike, dtype: type[np.generic]) -> str:
        """Add a constant tensor."""
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(values, dtype=dtype).reshape(np.shape(values))
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def integers(self, values: ArrayLike) -> str:
        """Add an int64 constant: an axis, a shape, an index."""
        return self.constant(values, np.int64)

    def floats(self, values: ArrayLike) -> str:
        """Add a float32 constant."""
        return self.constant(values, np.float32)

    def add(self, operation: str, *inputs: str, name: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output."""
        return self.add_many(operation, inputs, [name or self._next_name()], **attributes)[0]

    def add_many(
        self,
        operation: str,
        inputs: tuple[str, ...],
        outputs: list[str],
        **attributes: Any,  # noqa: ANN401
    ) -> list[str]:
        """Add a node whose outputs are named by the caller."""
        node = helper.make_node(operation, inputs, outputs, f"{operation}:{outputs[0]}")
        # Attributes in the caller's order: the file's bytes must not vary.
        node.attribute.extend(helper.make_attribute(key, it) for key, it in attributes.items())
        self._nodes.append(node)
        return outputs

    def model(
        self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto], about: str
    ) -> onnx.ModelProto:
        """Finish: a checked model with inferred shapes; `about` goes into its description."""
        graph = helper.make_graph(self._nodes, "network", inputs, outputs, self._constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="passerby",
            doc_string=about,
        )
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(inferred)
        return inferred

    def _next_name(self) -> str:
        return f"tensor_{len(self._nodes)}"


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 constants as float16, where every value survives it.

    A Cast node widens them again, which both runtimes do once, at load: the
    numbers computed stay the same, the file is half as large.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    casts = []
    for tensor in result.graph.initializer:
        narrow = _without_loss(numpy_helper.to_array(tensor))
        if narrow is None:
            continue
        wide_name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(narrow, f"{wide_name}_half"))
        casts.append(
            helper.make_node(
                "Cast", [tensor.name], [wide_name], f"Cast:{wide_name}", to=onnx.TensorProto.FLOAT
            )
        )
    computing = list(result.graph.node)
    del result.graph.node[:]
    result.graph.node.extend(casts + computing)
    onnx.checker.check_model(result)
    return result


def _without_loss(values: NDArray[Any]) -> NDArray[np.float16] | None:
    if values.dtype != np.float32 or values.size < SMALLEST_HALVED:
        return None
    narrow = values.astype(np.float16)
    return narrow if np.array_equal(narrow.astype(np.float32), values) else None
