"""Turn NanoDet-g's TensorFlow.js graph into an ONNX graph that ends in person boxes.

What changes on the way: tensors run channels first instead of to and fro;
paddings move into the convolutions and the max-pool; biases become part of
their convolutions; mean and deviation of the input are part of the graph; of the
80 classes only "person" is kept; the boxes are decoded. The weights are untouched
but for the first kernel, which takes the division by the deviation.

NanoDet: https://github.com/RangiLyu/nanodet (Apache-2.0). A side of a box is a
distribution over 11 bins: X. Li et al., "Generalized Focal Loss", NeurIPS 2020,
https://arxiv.org/abs/2006.04388.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from tools.onnx_graph import GraphBuilder
from tools.tfjs import Graph, Node
from tools.translation import Translation

# Blue, green, red. Source: `img_norm_cfg` of NanoDet's configuration files.
MEAN = (103.53, 116.28, 123.675)
DEVIATION = (57.375, 57.12, 58.395)

# The heads give 80 COCO classes ("person" is the first), then 4 sides of 11 bins.
PERSON = 0
CLASSES = 80
SIDES = 4
BINS = 11

# Rows of the answer: more than any frame of the benchmarks holds after suppression.
MOST_BOXES = 128

# The size that the source graph was frozen at, pixels; its resizes name sizes.
SOURCE_SIZE = 416


@dataclass(frozen=True)
class Activation:
    """A tensor (n, c, h, w) of the new graph, and how many input pixels a cell spans."""

    tensor: str
    stride: int


@dataclass(frozen=True)
class Level:
    """Decoded answer of one head: `logits` (n, cells), `boxes` (n, 4, cells)."""

    logits: str
    boxes: str


def build(source: Graph, about: str) -> onnx.ModelProto:
    """Translate and add the decoding.

    Parameters
    ----------
    source : Graph
        `nanodet.json` of the npm package, as read by `tfjs.read_graph`.
    about : str
        Origin and licence, to be kept in the file.

    Returns
    -------
    onnx.ModelProto
        Input `image` (n, h, w, 3) uint8 BGR, h and w multiples of 32. Outputs
        `boxes` (n, k, 4) float32 `xyxy` in input pixels and `scores` (n, k)
        float32 in [0, 1], best first; k = 128, or the number of cells if less.
        Inside, the heads' raw answers are named `head_8`, `head_16`, `head_32`.
    """
    builder = GraphBuilder()
    translation = NanodetTranslation(source, builder)
    heads = [translation.activation(split.inputs[0]) for split in source.of_operation("SplitV")]
    levels = [_decode(builder, head) for head in sorted(heads, key=lambda head: head.stride)]
    _select_best(builder, levels)
    image = helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, ["n", "h", "w", 3])
    boxes = helper.make_tensor_value_info("boxes", onnx.TensorProto.FLOAT, ["n", "k", SIDES])
    scores = helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["n", "k"])
    return builder.model([image], [boxes, scores], about)


class NanodetTranslation(Translation[Activation]):
    """The graph up to its heads."""

    def _translate(self, node: Node) -> Activation:  # noqa: PLR0911 - one line per operation
        match node.operation:
            case "Placeholder":
                return self._image()
            case "Transpose":  # channels stay in front here
                return self.activation(node.inputs[0])
            case "Add" if node.inputs[1] in self._source.constants:
                return self._convolution(node)
            case "Add":
                return self._sum(node)
            case "ConcatV2":
                return self._concatenation(node)
            case "LeakyRelu":
                return self._leaky_relu(node)
            case "MaxPool":
                return self._max_pool(node)
            case "ResizeBilinear":
                return self._resize(node)
        raise ValueError(f"no translation for {node.operation} ({node.name})")

    def _image(self) -> Activation:
        planes = self._planes()
        mean = self._builder.floats(np.reshape(MEAN, (1, 3, 1, 1)))
        return Activation(self._builder.add("Sub", planes, mean), 1)

    def _convolution(self, bias_node: Node) -> Activation:
        """Padding, convolution and bias in one; `bias_node` is the last of them."""
        node = self._source.nodes[bias_node.inputs[0]]
        padded, pads = self._unpadded(node.inputs[0])
        origin = self.activation(padded)
        kernel = self._source.constants[node.inputs[1]].transpose(3, 2, 0, 1)
        bias = self._source.constants[bias_node.inputs[1]].reshape(-1)
        if origin.stride == 1:  # the image itself
            kernel = kernel / np.reshape(DEVIATION, (1, 3, 1, 1))
        stride = origin.stride * node.integers("strides")[1]
        is_head = len(bias) == CLASSES + SIDES * BINS
        if is_head:
            kernel, bias = _person_only(kernel), _person_only(bias)
        tensor = self._builder.add(
            "Conv",
            origin.tensor,
            self._builder.floats(kernel),
            self._builder.floats(bias),
            name=f"head_{stride}" if is_head else "",
            strides=node.integers("strides")[1:3],
            kernel_shape=kernel.shape[2:],
            pads=pads,
        )
        return Activation(tensor, stride)

    def _leaky_relu(self, node: Node) -> Activation:
        origin = self.activation(node.inputs[0])
        slope = float(node.attributes["alpha"]["f"])
        return Activation(self._builder.add("LeakyRelu", origin.tensor, alpha=slope), origin.stride)

    def _max_pool(self, node: Node) -> Activation:
        # The source pads with -inf, which is what a pool's own padding means.
        padded, pads = self._unpadded(node.inputs[0])
        origin = self.activation(padded)
        strides = node.integers("strides")[1:3]
        size = node.integers("ksize")[1:3]
        tensor = self._builder.add(
            "MaxPool", origin.tensor, kernel_shape=size, strides=strides, pads=pads
        )
        return Activation(tensor, origin.stride * strides[0])

    def _resize(self, node: Node) -> Activation:
        origin = self.activation(node.inputs[0])
        size = int(self._source.constants[node.inputs[1]][0])
        scale = size * origin.stride / SOURCE_SIZE
        return Activation(self._resized(origin.tensor, scale), SOURCE_SIZE // size)

    def _sum(self, node: Node) -> Activation:
        terms = [self.activation(name) for name in node.inputs]
        tensor = self._builder.add("Add", *[term.tensor for term in terms])
        return Activation(tensor, terms[0].stride)

    def _concatenation(self, node: Node) -> Activation:
        parts = [self.activation(name) for name in node.inputs[:-1]]  # the last is the axis
        tensor = self._builder.add("Concat", *[part.tensor for part in parts], axis=1)
        return Activation(tensor, parts[0].stride)

    def _unpadded(self, name: str) -> tuple[str, list[int]]:
        """Node before an optional padding, and ONNX's pads (top, left, bottom, right)."""
        node = self._source.nodes[name]
        if node.operation == "Transpose":
            return self._unpadded(node.inputs[0])
        if node.operation not in {"Pad", "PadV2"}:
            return name, [0, 0, 0, 0]
        (top, bottom), (left, right) = self._source.constants[node.inputs[1]][2:].tolist()
        return node.inputs[0], [top, left, bottom, right]


def _person_only(per_channel: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([per_channel[PERSON : PERSON + 1], per_channel[CLASSES:]])


def _decode(builder: GraphBuilder, head: Activation) -> Level:
    """Logit and box of every cell: mean of each side's distribution, off the centre."""
    logit, sides = builder.add_many(
        "Split",
        (head.tensor, builder.integers([1, SIDES * BINS])),
        [f"logit_{head.stride}", f"sides_{head.stride}"],
        axis=1,
    )
    bins = builder.add("Reshape", sides, builder.integers([0, SIDES, BINS, -1]))
    likelihood = builder.add("Softmax", bins, axis=2)
    pixels = builder.floats((np.arange(BINS) * head.stride).reshape(1, 1, BINS, 1))
    weighted = builder.add("Mul", likelihood, pixels)
    distance = builder.add("ReduceSum", weighted, builder.integers([2]), keepdims=0)
    outwards = builder.floats(np.reshape([-1, -1, 1, 1], (1, SIDES, 1)))
    boxes = builder.add("Add", _centres(builder, head), builder.add("Mul", distance, outwards))
    return Level(builder.add("Reshape", logit, builder.integers([0, -1])), boxes)


def _centres(builder: GraphBuilder, head: Activation) -> str:
    """(1, 4, cells) x, y, x, y of the cells' centres in input pixels, row by row."""
    size = builder.add("Shape", head.tensor, start=2, end=4)
    rows = builder.add("Gather", size, builder.integers(0))
    columns = builder.add("Gather", size, builder.integers(1))
    cells = builder.add("Mul", rows, columns)
    cell = builder.add("Range", builder.integers(0), cells, builder.integers(1))
    x = _centre(builder, builder.add("Mod", cell, columns), head.stride)
    y = _centre(builder, builder.add("Div", cell, columns), head.stride)
    centres = builder.add("Concat", x, y, x, y, axis=0)
    return builder.add("Unsqueeze", centres, builder.integers([0]))


def _centre(builder: GraphBuilder, position: str, stride: int) -> str:
    floats = builder.add("Cast", position, to=onnx.TensorProto.FLOAT)
    middle = builder.add("Add", floats, builder.floats(0.5))
    pixels = builder.add("Mul", middle, builder.floats(stride))
    return builder.add("Unsqueeze", pixels, builder.integers([0]))


def _select_best(builder: GraphBuilder, levels: list[Level]) -> None:
    """Join the levels and keep the best; sorted by logit, where no two scores round alike."""
    logits = builder.add("Concat", *[level.logits for level in levels], axis=1)
    boxes = builder.add("Concat", *[level.boxes for level in levels], axis=2)
    cells = builder.add("Shape", logits, start=1, end=2)
    kept = builder.add("Min", cells, builder.integers([MOST_BOXES]))
    best, positions = builder.add_many("TopK", (logits, kept), ["best", "positions"], axis=1)
    builder.add("Sigmoid", best, name="scores")
    rows = builder.add("Unsqueeze", positions, builder.integers([1]))
    tiled = builder.add("Tile", rows, builder.integers([1, SIDES, 1]))
    chosen = builder.add("GatherElements", boxes, tiled, axis=2)
    builder.add("Transpose", chosen, name="boxes", perm=[0, 2, 1])
