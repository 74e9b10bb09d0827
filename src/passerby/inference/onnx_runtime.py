"""Run a network in ONNX Runtime on the CPU, on one thread per call."""

from typing import TypeAlias

import onnxruntime as ort

from passerby.errors import ModelError
from passerby.inference.session import Image, Outputs, check_size

ERRORS_ONLY = 3  # the runtime's own log, on standard error

Provider: TypeAlias = str | tuple[str, dict[str, str]]  # what computes, and its options


class OnnxRuntimeSession:
    """A `Session` in ONNX Runtime, which takes any number of calls at once."""

    def __init__(self, content: bytes, width: int, height: int) -> None:
        self._size = (width, height)
        self._session = load_session(
            content, session_options(width, height), "CPUExecutionProvider"
        )
        self._input = self._session.get_inputs()[0].name

    def run(self, image: Image) -> Outputs:
        """Compute one image on the calling thread; see `Session.run`."""
        check_size(image, *self._size)
        outputs = self._session.run(None, {self._input: image[None]})
        return [output[0] for output in outputs]


def load_session(
    content: bytes, options: ort.SessionOptions, provider: Provider
) -> ort.InferenceSession:
    """Load a network into ONNX Runtime.

    Parameters
    ----------
    content : bytes
        Of an ONNX file.
    options : onnxruntime.SessionOptions
    provider : str, or str and dict
        Asked first to compute; what it cannot, ONNX Runtime gives to the CPU.

    Raises
    ------
    ModelError
        If ONNX Runtime refuses the file, or the provider fails.
    """
    try:
        # Left to itself it says on standard output what failed, and tries the CPU instead.
        return ort.InferenceSession(content, options, providers=[provider], enable_fallback=0)
    except Exception as error:  # the runtime's errors have no base class but this
        raise ModelError("ONNX Runtime cannot load the network.") from error


def session_options(width: int, height: int) -> ort.SessionOptions:
    """Set one thread per call, and single images of one size in pixels."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Named in the networks' input shape; known sizes let grids be computed at load.
    for name, size in (("n", 1), ("h", height), ("w", width)):
        options.add_free_dimension_override_by_name(name, size)
    return options
