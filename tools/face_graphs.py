"""Turn MediaPipe's two face networks from TensorFlow.js into ONNX.

What changes on the way: tensors run channels first; paddings and biases become part of
their convolutions; the input is an 8-bit BGR image, and what brings its levels to the
network's range is part of the graph; answers that passerby does not use (a detector of
persons, the contours of eyes and lips) are left out. The weights are untouched but for
the first kernel, whose channels are turned around and divided by the range of levels.

The networks: V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on
Mobile GPUs", 2019, https://arxiv.org/abs/1907.05047 (the full-range detector is of that
family); Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs", 2019, https://arxiv.org/abs/1907.06724.
"""

import base64
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper
from tools.onnx_graph import GraphBuilder
from tools.tfjs import Graph, Node
from tools.translation import Translation

# Side of the image, pixels; both networks.
SIDE = 192

# The mesh network: points of a face.
POINTS = 468

# The detector: numbers a cell gives beside its score (a box, and 6 points).
OFFSETS = 16


@dataclass(frozen=True)
class Levels:
    """What a network makes of the levels 0 to 255: (level - `middle`) / `span`."""

    middle: float
    span: float


@dataclass(frozen=True)
class Activation:
    """A tensor (n, channels, side, side) of the new graph."""

    tensor: str
    side: int


def build_detector(source: Graph, about: str) -> onnx.ModelProto:
    """Translate the full-range face detector.

    Parameters
    ----------
    source : Graph
        `facemesh-detection-full.json` of the npm package, as read by `tfjs.read_graph`.
    about : str
        Origin and licence, to be kept in the file.

    Returns
    -------
    onnx.ModelProto
        Input `image` (n, 192, 192, 3) uint8 BGR. Outputs, for the 48 x 48 cells of 4 x 4
        pixels, row by row: `logits` (n, 2304) float32, that a face belongs to the cell;
        `offsets` (n, 2304, 16) float32, pixels: the face's centre off that of the cell
        (x, y), its width and height, and 6 points off the centre of the cell.
    """
    builder = GraphBuilder()
    translation = FaceTranslation(source, builder, Levels(middle=127.5, span=127.5))
    logit, offset = (
        builder.add("Transpose", translation.activation(name).tensor, perm=[0, 2, 3, 1])
        for name in _joined_heads(source)
    )
    builder.add("Reshape", logit, builder.integers([0, -1]), name="logits")
    builder.add("Reshape", offset, builder.integers([0, -1, OFFSETS]), name="offsets")
    cells = (SIDE // 4) ** 2
    return _finished(builder, {"logits": [cells], "offsets": [cells, OFFSETS]}, about)


def _joined_heads(source: Graph) -> list[str]:
    """Nodes whose reshaped answers make the rows for faces: scores, then boxes."""
    rows = source.nodes[source.nodes["Identity"].inputs[0]]
    return [source.nodes[name].inputs[0] for name in rows.inputs[:2]]


def build_mesh(source: Graph, about: str) -> onnx.ModelProto:
    """Translate the network that lays a mesh on a face.

    Parameters
    ----------
    source : Graph
        `facemesh.json` of the npm package, as read by `tfjs.read_graph`.
    about : str
        Origin and licence, to be kept in the file.

    Returns
    -------
    onnx.ModelProto
        Input `image` (n, 192, 192, 3) uint8 BGR. Outputs: `points` (n, 468, 3) float32,
        x, y and depth in input pixels (smaller is nearer); `flag` (n, 1) float32 in
        [0, 1], whether that is a face, well placed.
    """
    builder = GraphBuilder()
    translation = FaceTranslation(source, builder, Levels(middle=0, span=255))
    points, flag = (
        translation.activation(_reshaped(source, name)).tensor
        for name in ("Identity_2", "Identity_1")
    )
    builder.add("Reshape", points, builder.integers([0, POINTS, 3]), name="points")
    builder.add("Reshape", flag, builder.integers([0, 1]), name="flag")
    return _finished(builder, {"points": [POINTS, 3], "flag": [1]}, about)


def _reshaped(source: Graph, output: str) -> str:
    """Node whose answer, (n, 1, 1, c), is reshaped to be an output."""
    return source.nodes[source.nodes[output].inputs[0]].inputs[0]


def _finished(builder: GraphBuilder, outputs: dict[str, list[int]], about: str) -> onnx.ModelProto:
    image = helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    answers = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", *shape])
        for name, shape in outputs.items()
    ]
    return builder.model([image], answers, about)


class FaceTranslation(Translation[Activation]):
    """Either network's graph."""

    def __init__(self, source: Graph, builder: GraphBuilder, levels: Levels) -> None:
        super().__init__(source, builder)
        self._levels = levels

    def _translate(self, node: Node) -> Activation:  # noqa: PLR0911 - one line per operation
        match node.operation:
            case "Placeholder":
                return self._image()
            case "_FusedConv2D" | "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative":
                return self._convolution(node)
            case "AddV2":
                return self._sum(node)
            case "Relu" | "Sigmoid":
                return self._alike(node.operation, node)
            case "Prelu":
                origin = self.activation(node.inputs[0])
                return Activation(self._bent(origin.tensor, node.inputs[1]), origin.side)
            case "Pad":
                return self._alike("Pad", node, self._more_channels(node))
            case "MaxPool":
                return self._max_pool(node)
            case "ResizeBilinear":
                return self._resize(node)
            case "DepthToSpace":
                return self._depth_to_space(node)
        raise ValueError(f"no translation for {node.operation} ({node.name})")

    def _image(self) -> Activation:
        planes = self._planes()
        if self._levels.middle:
            planes = self._builder.add("Sub", planes, self._builder.floats(self._levels.middle))
        return Activation(planes, SIDE)

    def _convolution(self, node: Node) -> Activation:
        """Padding, convolution, bias and what follows, all named by one node."""
        name, pads = self._unpadded(node.inputs[0])
        origin = self.activation(name)
        kernel = self._source.constants[node.inputs[1]]
        size, stride = kernel.shape[0], node.integers("strides")[1]
        if not any(pads) and node.text("padding") == "SAME":
            pads = _same(origin.side, size, stride)
        # One input channel a kernel, and as many groups as channels, or all of them.
        groups = 1 if node.operation == "_FusedConv2D" else kernel.shape[2]
        kernel = kernel.transpose((3, 2, 0, 1) if groups == 1 else (2, 3, 0, 1))
        if self._source.nodes[name].operation == "Placeholder":
            kernel = kernel[:, ::-1] / self._levels.span
        bias = [self._builder.floats(self._source.constants[it]) for it in node.inputs[2:3]]
        tensor = self._builder.add(
            "Conv",
            origin.tensor,
            self._builder.floats(kernel),
            *bias,
            strides=[stride, stride],
            kernel_shape=[size, size],
            group=groups,
            pads=pads,
        )
        side = (origin.side + pads[0] + pads[2] - size) // stride + 1
        return Activation(self._followed(tensor, node), side)

    def _followed(self, tensor: str, node: Node) -> str:
        """What a fused convolution does after it has added the bias."""
        match _fused(node):
            case [] | ["BiasAdd"]:
                return tensor
            case ["BiasAdd", "Relu"]:
                return self._builder.add("Relu", tensor)
            case ["BiasAdd", "Prelu"]:
                return self._bent(tensor, node.inputs[3])
        raise ValueError(f"no translation for {_fused(node)} ({node.name})")

    def _sum(self, node: Node) -> Activation:
        terms = [self.activation(name) for name in node.inputs]
        tensor = self._builder.add("Add", *[term.tensor for term in terms])
        return Activation(tensor, terms[0].side)

    def _alike(self, operation: str, node: Node, *operands: str) -> Activation:
        """An operation that leaves width and height as they are."""
        origin = self.activation(node.inputs[0])
        tensor = self._builder.add(operation, origin.tensor, *operands)
        return Activation(tensor, origin.side)

    def _bent(self, tensor: str, slopes: str) -> str:
        """Negative values times a slope for each channel (PRelu): ax + (1 - a) max(x, 0).

        As one operation it takes ONNX Runtime twice the time of the whole network besides.
        """
        slope = self._source.constants[slopes].reshape(-1, 1, 1)
        positive = self._builder.add("Relu", tensor)
        rest = self._builder.add("Mul", positive, self._builder.floats(1 - slope))
        line = self._builder.add("Mul", tensor, self._builder.floats(slope))
        return self._builder.add("Add", line, rest)

    def _more_channels(self, node: Node) -> str:
        """ONNX's pads (all starts, then all ends) for zeros after the last channel."""
        before, after = self._source.constants[node.inputs[1]][[0, 3, 1, 2]].T.tolist()
        return self._builder.integers(before + after)

    def _max_pool(self, node: Node) -> Activation:
        origin = self.activation(node.inputs[0])
        size, stride = (node.integers(name)[1] for name in ("ksize", "strides"))
        tensor = self._builder.add(
            "MaxPool", origin.tensor, kernel_shape=[size, size], strides=[stride, stride]
        )
        return Activation(tensor, (origin.side - size) // stride + 1)

    def _resize(self, node: Node) -> Activation:
        origin = self.activation(node.inputs[0])
        side = int(self._source.constants[node.inputs[1]][0])
        return Activation(self._resized(origin.tensor, side / origin.side), side)

    def _depth_to_space(self, node: Node) -> Activation:
        origin = self.activation(node.inputs[0])
        block = int(node.attributes["block_size"]["i"])
        tensor = self._builder.add("DepthToSpace", origin.tensor, blocksize=block, mode="DCR")
        return Activation(tensor, origin.side * block)

    def _unpadded(self, name: str) -> tuple[str, list[int]]:
        """Node before an optional padding, and ONNX's pads (top, left, bottom, right)."""
        node = self._source.nodes[name]
        if node.operation != "Pad":
            return name, [0, 0, 0, 0]
        (top, bottom), (left, right) = self._source.constants[node.inputs[1]][1:3].tolist()
        return node.inputs[0], [top, left, bottom, right]


def _fused(node: Node) -> list[str]:
    """Operations that a convolution does after itself, in order."""
    fused: dict[str, Any] = node.attributes.get("fused_ops", {"list": {}})
    return [base64.b64decode(name).decode() for name in fused["list"].get("s", [])]


def _same(side: int, size: int, stride: int) -> list[int]:
    """TensorFlow's "SAME" padding, as (top, left, bottom, right): the odd pixel comes last."""
    steps = -(-side // stride) - 1
    total = max(steps * stride + size - side, 0)
    first, last = total // 2, total - total // 2
    return [first, first, last, last]
