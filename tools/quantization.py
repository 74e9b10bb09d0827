"""Turn the float network into one that computes in 8-bit integers.

Kernels: signed, one scale per channel. Activations: unsigned, one scale per tensor,
which covers every value seen in the calibration pictures. (Leaving out one value in
ten thousand gave the same AP50, but lower scores: of the persons of PETS09-S2L1, 70 %
scored 0.6 or more instead of 82 %, as they do in float. Then no threshold would fit
both networks.) The heads and the decoding stay float: there a coordinate would be cut
off at the largest one seen while calibrating.

The ranges of the activations are measured once and kept in a file, for two
machines measure last digits differently, and the network's bytes must not vary.
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData, create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

# Operations of the backbone and the neck that compute in integers.
OPERATIONS = ["Add", "Concat", "Conv", "LeakyRelu", "MaxPool", "Resize"]

Ranges = dict[str, tuple[float, float]]


def measure_ranges(
    model: onnx.ModelProto, images: Iterator[NDArray[np.uint8]], heads: list[str]
) -> Ranges:
    """Lowest and highest value of each activation before the heads.

    Parameters
    ----------
    model : onnx.ModelProto
        The float network, input `image` (n, h, w, 3).
    images : iterator of (h, w, 3) uint8 BGR arrays, all of one size
    heads : list of str
        As `quantised` gets it.

    Returns
    -------
    dict
        Tensor name → (lowest, highest), rounded to four significant digits.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        onnx.save(model, path)
        calibrator = create_calibrator(
            path, OPERATIONS, str(Path(folder, "augmented.onnx")), CalibrationMethod.MinMax
        )
        calibrator.collect_data(_reader(images))
        measured = calibrator.compute_data()
    integers = {tensor for node in _before(model, heads) for tensor in (*node.input, *node.output)}
    return {
        name: _rounded(it.range_value) for name, it in sorted(measured.items()) if name in integers
    }


def quantised(model: onnx.ModelProto, ranges: Ranges, heads: list[str]) -> onnx.ModelProto:
    """Insert the steps to and from integers around all that leads to `heads`.

    Parameters
    ----------
    model : onnx.ModelProto
        The float network.
    ranges : dict
        What `measure_ranges` gave for it.
    heads : list of str
        Tensors whose computation, and all after it, stays float.
    """
    measured = {
        name: TensorData(lowest=np.float32(lowest), highest=np.float32(highest))
        for name, (lowest, highest) in ranges.items()
    }
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    quantizer = QDQQuantizer(
        copy,
        True,  # noqa: FBT003 - per channel
        False,  # noqa: FBT003 - full range: only CPUs with VNNI take this network
        QuantType.QInt8,
        QuantType.QUInt8,
        TensorsData(CalibrationMethod.MinMax, measured),
        [node.name for node in _before(model, heads)],
        [],
        OPERATIONS,
        {},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    result: onnx.ModelProto = quantizer.model.model
    onnx.checker.check_model(result)
    return result


def _before(model: onnx.ModelProto, tensors: list[str]) -> list[onnx.NodeProto]:
    """Nodes that `tensors` depend on, without those that give them; sorted by name."""
    producers = {output: node for node in model.graph.node for output in node.output}
    waiting = [name for tensor in tensors for name in producers[tensor].input]
    found: dict[str, onnx.NodeProto] = {}
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and node.name not in found:
            found[node.name] = node
            waiting += node.input
    return [found[name] for name in sorted(found)]


def _reader(images: Iterator[NDArray[np.uint8]]) -> SimpleNamespace:
    """Pictures in the form that the calibrator asks for: one at a time, then `None`."""
    inputs = ({"image": image[None]} for image in images)
    return SimpleNamespace(get_next=partial(next, inputs, None))


def _rounded(limits: tuple[NDArray[np.float32], NDArray[np.float32]]) -> tuple[float, float]:
    lowest, highest = (float(f"{limit.item():.4g}") for limit in limits)
    return lowest, highest
