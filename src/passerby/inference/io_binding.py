"""Run a network in ONNX Runtime with inputs and outputs bound to buffers on a device.

An image is copied to the device once, and the outputs from it once; in between nothing
leaves it. On a GPU, each call would otherwise allocate new memory for the copies.
"""

from queue import LifoQueue

import numpy as np
import onnxruntime as ort

from passerby.inference.session import Device, Image, Outputs, check_size

# Types of the networks' inputs and outputs, as ONNX Runtime names them.
ELEMENT_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


class IoBindingSession:
    """A `Session` that runs up to `concurrency` images at a time; further calls wait.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        One input and any number of outputs, all of known shape.
    device : "cpu" or "cuda"
        Where `session` computes.
    width, height : int
        Of the image that it was loaded for, pixels.
    concurrency : int
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        device: Device,
        width: int,
        height: int,
        concurrency: int,
    ) -> None:
        self._size = (width, height)
        # Last in, first out: with little to do the same memory is used again.
        self._buffers: LifoQueue[_Buffers] = LifoQueue()
        for _ in range(concurrency):
            self._buffers.put(_Buffers(session, device))

    def run(self, image: Image) -> Outputs:
        """Compute one image on the device while the calling thread waits; see `Session.run`."""
        check_size(image, *self._size)
        buffers = self._buffers.get()
        try:
            return buffers.run(image)
        finally:
            self._buffers.put(buffers)


class _Buffers:
    """Buffers for one image and its outputs, bound to the network's inputs and outputs."""

    def __init__(self, session: ort.InferenceSession, device: Device) -> None:
        self._session = session
        self._binding = session.io_binding()
        (node,) = session.get_inputs()
        self._image = _allocate(node, device)
        self._binding.bind_ortvalue_input(node.name, self._image)
        self._outputs = {node.name: _allocate(node, device) for node in session.get_outputs()}
        for name, output in self._outputs.items():
            self._binding.bind_ortvalue_output(name, output)

    def run(self, image: Image) -> Outputs:
        self._image.update_inplace(np.ascontiguousarray(image[None]))
        self._session.run_with_iobinding(self._binding)
        # On the CPU `numpy` shows the buffer itself, which the next image overwrites.
        return [output.numpy()[0].copy() for output in self._outputs.values()]


def _allocate(node: ort.NodeArg, device: Device) -> ort.OrtValue:
    """Allocate memory on the device for an input or an output."""
    return ort.OrtValue.ortvalue_from_shape_and_type(node.shape, ELEMENT_TYPES[node.type], device)
