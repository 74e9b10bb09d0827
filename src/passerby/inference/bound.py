"""Run a network in ONNX Runtime with its ends bound to buffers that stay on a device.

An image is copied to the device once, and the answers from it once; in between nothing
leaves it. On a GPU the copies would otherwise be made anew, with new memory, at each call.
"""

from queue import LifoQueue

import numpy as np
import onnxruntime as ort

from passerby.inference.session import Device, Image, Outputs, check_size

# Types of the networks' inputs and outputs, as ONNX Runtime names them.
ELEMENT_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


class BoundSession:
    """A `Session` with `concurrency` places for an image; further calls wait for one.

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
        self._places: LifoQueue[_Place] = LifoQueue()
        for _ in range(concurrency):
            self._places.put(_Place(session, device))

    def run(self, image: Image) -> Outputs:
        """Compute one image on the device, the calling thread waiting; see `Session.run`."""
        check_size(image, *self._size)
        place = self._places.get()
        try:
            return place.run(image)
        finally:
            self._places.put(place)


class _Place:
    """Buffers for one image and its answers, bound to the ends of the network."""

    def __init__(self, session: ort.InferenceSession, device: Device) -> None:
        self._session = session
        self._binding = session.io_binding()
        (source,) = session.get_inputs()
        self._image = _buffer(source, device)
        self._binding.bind_ortvalue_input(source.name, self._image)
        self._answers = {end.name: _buffer(end, device) for end in session.get_outputs()}
        for name, answer in self._answers.items():
            self._binding.bind_ortvalue_output(name, answer)

    def run(self, image: Image) -> Outputs:
        self._image.update_inplace(np.ascontiguousarray(image[None]))
        self._session.run_with_iobinding(self._binding)
        # On the CPU `numpy` shows the buffer itself, which the next image overwrites.
        return [answer.numpy()[0].copy() for answer in self._answers.values()]


def _buffer(end: ort.NodeArg, device: Device) -> ort.OrtValue:
    """Memory on the device for an input or an output."""
    return ort.OrtValue.ortvalue_from_shape_and_type(end.shape, ELEMENT_TYPES[end.type], device)
