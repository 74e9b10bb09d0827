"""Run a network in OpenVINO, on one thread per call and without its telemetry."""

import sys
from queue import LifoQueue
from typing import Any

import numpy as np

from passerby.errors import ModelError
from passerby.inference.session import Image, Outputs, check_size

# On import OpenVINO sends a usage event to its makers, from a forked process, through
# this package; where it is missing, it goes without. `None` makes it look missing.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

# The first array that comes into its bindings makes them look NumPy up, once, behind a lock
# that may be waited for with Python's own lock held: two threads that came first together
# would wait for each other for ever. Here, while it is imported, there is one.
openvino.Tensor(np.zeros(1, np.float32))


class OpenVinoSession:
    """A `Session` that runs up to `concurrency` images at a time; further calls wait."""

    def __init__(
        self, content: bytes, width: int, height: int, concurrency: int, *, bfloat16: bool
    ) -> None:
        self._size = (width, height)
        properties = _properties(concurrency, "bf16" if bfloat16 else "f32")
        try:
            core = openvino.Core()
            model = core.read_model(content, b"")
            model.reshape([1, height, width, 3])
            compiled = core.compile_model(model, "CPU", properties)
        except RuntimeError as error:
            raise ModelError("OpenVINO cannot load the network.") from error
        # Last in, first out: with little to do the same memory is used again.
        self._requests: LifoQueue[Any] = LifoQueue()
        for _ in range(concurrency):
            self._requests.put(compiled.create_infer_request())

    def run(self, image: Image) -> Outputs:
        """Compute one image on one of OpenVINO's threads; see `Session.run`."""
        check_size(image, *self._size)
        request = self._requests.get()
        try:
            outputs = request.infer([np.ascontiguousarray(image[None])], share_inputs=True)
            return [output[0].copy() for output in outputs.values()]
        finally:
            self._requests.put(request)


def _properties(concurrency: int, precision: str) -> dict[str, Any]:
    """Properties for one thread per concurrent image, no more.

    Threads are not pinned to cores: every process would pin to the same ones.
    """
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": concurrency,
        "INFERENCE_NUM_THREADS": concurrency,
        "ENABLE_CPU_PINNING": False,
    }
