"""What a TensorFlow.js graph model consists of: its nodes and its constants.

Format: a JSON file with the graph (TensorFlow's GraphDef as JSON) and a manifest of
the constants, whose values lie end to end in a binary file beside it. Source:
https://github.com/tensorflow/tfjs/tree/master/tfjs-converter#format-conversion-examples
and https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# On disk, little-endian. Weights may be stored in half of their size ("quantization").
DTYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4"}


@dataclass(frozen=True)
class Node:
    """One operation of the graph; `inputs` are names of nodes, or of constants."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]

    def integers(self, attribute: str) -> list[int]:
        """Value of a list attribute such as `strides` (in NHWC order)."""
        return [int(number) for number in self.attributes[attribute]["list"]["i"]]

    def text(self, attribute: str) -> str:
        """Value of a text attribute such as `padding`."""
        return base64.b64decode(self.attributes[attribute]["s"]).decode()


@dataclass(frozen=True)
class Graph:
    """Nodes and constants by name; float constants are float32, others int32."""

    nodes: dict[str, Node]
    constants: dict[str, NDArray[Any]]

    def of_operation(self, operation: str) -> list[Node]:
        """All nodes of one kind, in file order."""
        return [node for node in self.nodes.values() if node.operation == operation]


def read_graph(path: Path) -> Graph:
    """Read the graph `path` (JSON) and the binary files that its manifest names."""
    document = json.loads(path.read_text(encoding="utf-8"))
    constants: dict[str, NDArray[Any]] = {}
    for group in document["weightsManifest"]:
        content = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        constants |= _constants(content, group["weights"])
    nodes = [_node(entry) for entry in document["modelTopology"]["node"]]
    return Graph({node.name: node for node in nodes}, constants)


def _node(entry: dict[str, Any]) -> Node:
    inputs = tuple(name.split(":")[0] for name in entry.get("input", []))
    return Node(entry["name"], entry["op"], inputs, entry.get("attr", {}))


def _constants(content: bytes, manifest: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    constants = {}
    offset = 0
    for entry in manifest:
        stored = entry.get("quantization", entry)["dtype"]
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(content, DTYPES[stored], count, offset).reshape(entry["shape"])
        constants[entry["name"]] = values.astype(entry["dtype"])
        offset += values.nbytes
    if offset != len(content):
        raise ValueError(f"the manifest describes {offset} bytes of {len(content)}")
    return constants
