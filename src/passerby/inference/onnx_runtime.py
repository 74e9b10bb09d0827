"""Run a network in ONNX Runtime, on one thread per call."""

import onnxruntime as ort

from passerby.errors import ModelError
from passerby.inference.session import Image, Outputs, check_size

ERRORS_ONLY = 3  # the runtime's own log, on standard error


class OnnxRuntimeSession:
    """A `Session`; ONNX Runtime takes any number of calls at once."""

    def __init__(self, content: bytes, width: int, height: int) -> None:
        self._size = (width, height)
        try:
            self._session = ort.InferenceSession(
                content, _options(width, height), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's errors have no base class but this
            raise ModelError("ONNX Runtime cannot load the network.") from error
        self._input = self._session.get_inputs()[0].name

    def run(self, image: Image) -> Outputs:
        """Compute one image on the calling thread; see `Session.run`."""
        check_size(image, *self._size)
        outputs = self._session.run(None, {self._input: image[None]})
        return [output[0] for output in outputs]


def _options(width: int, height: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Named in the networks' input shape; known sizes let grids be computed at load.
    for name, size in (("n", 1), ("h", height), ("w", width)):
        options.add_free_dimension_override_by_name(name, size)
    return options
