"""What the translations of TensorFlow.js graphs into ONNX have in common."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import onnx
from tools.onnx_graph import GraphBuilder
from tools.tfjs import Graph, Node

Activation = TypeVar("Activation")  # a tensor of the new graph, and what its family says of it


class Translation(ABC, Generic[Activation]):
    """The source graph from its input on, each node translated once."""

    def __init__(self, source: Graph, builder: GraphBuilder) -> None:
        self._source = source
        self._builder = builder
        self._done: dict[str, Activation] = {}

    def activation(self, name: str) -> Activation:
        """Translate the node `name` and all that it depends on."""
        if name not in self._done:
            self._done[name] = self._translate(self._source.nodes[name])
        return self._done[name]

    @abstractmethod
    def _translate(self, node: Node) -> Activation:
        """Add the node; raises ValueError for an operation that the family does not have."""

    def _planes(self) -> str:
        """The input `image` (n, h, w, 3) uint8 as (n, 3, h, w) float32."""
        floats = self._builder.add("Cast", "image", to=onnx.TensorProto.FLOAT)
        return self._builder.add("Transpose", floats, perm=[0, 3, 1, 2])

    def _resized(self, tensor: str, scale: float) -> str:
        """Width and height times `scale`, between the pixels by straight lines."""
        return self._builder.add(
            "Resize",
            tensor,
            "",
            self._builder.floats([1, 1, scale, scale]),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
