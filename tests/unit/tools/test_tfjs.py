import base64
import json
from pathlib import Path

import numpy as np
import pytest
from tools.tfjs import read_graph

KERNEL = np.array([[0.5, -2.0]], dtype="<f2")
SIZE = np.array([26, 26], dtype="<i4")
NODES = [
    {"name": "kernel", "op": "Const"},
    {
        "name": "convolution",
        "op": "Conv2D",
        "input": ["image:0", "kernel"],
        "attr": {
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "padding": {"s": base64.b64encode(b"VALID").decode()},
        },
    },
]
WEIGHTS = [
    {
        "name": "kernel",
        "shape": [1, 2],
        "dtype": "float32",
        "quantization": {"dtype": "float16", "original_dtype": "float32"},
    },
    {"name": "size", "shape": [2], "dtype": "int32"},
]


def write(folder: Path, content: bytes) -> Path:
    document = {
        "modelTopology": {"node": NODES},
        "weightsManifest": [{"paths": ["graph.bin"], "weights": WEIGHTS}],
    }
    (folder / "graph.bin").write_bytes(content)
    (folder / "graph.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "graph.json"


def test_constants_are_read_in_the_order_of_the_manifest(tmp_path: Path) -> None:
    graph = read_graph(write(tmp_path, KERNEL.tobytes() + SIZE.tobytes()))

    assert graph.constants["kernel"].dtype == np.float32
    assert graph.constants["kernel"].tolist() == [[0.5, -2.0]]
    assert graph.constants["size"].tolist() == [26, 26]


def test_nodes_keep_their_attributes(tmp_path: Path) -> None:
    graph = read_graph(write(tmp_path, KERNEL.tobytes() + SIZE.tobytes()))

    (node,) = graph.of_operation("Conv2D")
    assert node.inputs == ("image", "kernel")
    assert node.integers("strides") == [1, 2, 2, 1]
    assert node.text("padding") == "VALID"


def test_a_file_longer_than_its_manifest_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, KERNEL.tobytes() + SIZE.tobytes() + b"\0")

    with pytest.raises(ValueError, match="12 bytes of 13"):
        read_graph(path)
