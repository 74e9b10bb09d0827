"""How a network computes here: which file, which runtime, which number format.

Every session computes one image at a time for each thread that calls it. So more cores,
or a GPU, mean more images in flight, and the numbers never depend on how many.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.errors import ModelError
from passerby.inference import cpu
from passerby.inference.weights import Storage, Weights

Runtime = Literal["auto", "onnxruntime", "openvino"]
Device = Literal["cpu", "cuda"]
Image = NDArray[np.uint8]
Outputs = list[NDArray[Any]]


class Session(Protocol):
    """A network ready to run on images of one size."""

    def run(self, image: Image) -> Outputs:
        """Compute the outputs, in the file's order and without their batch axis.

        Parameters
        ----------
        image : (h, w, 3) uint8 array, BGR, of the size that the session was opened for

        Raises
        ------
        ValueError
            If the image has another size.
        """
        ...


@dataclass(frozen=True)
class Execution:
    """A network, and how this machine computes it; small enough to send to a process."""

    weights: Weights
    storage: Storage
    runtime: Literal["onnxruntime", "openvino"]
    precision: Literal["float32", "bfloat16", "int8"]
    device: Device = "cpu"

    @property
    def identity(self) -> str:
        """All that decides on the numbers that come out, as a key for stored results."""
        checksum = self.weights.files[self.storage].sha256[:12]
        where = "" if self.device == "cpu" else f"-{self.device}"
        return f"{self.weights.name}@sha256:{checksum}/{self.runtime}-{self.precision}{where}"

    def open_session(self, width: int, height: int, concurrency: int = 1) -> Session:
        """Load the network for images of one size.

        Parameters
        ----------
        width, height : int
            Size of the images, pixels; multiples of 32.
        concurrency : int
            Calls that may run at the same time; more of them wait.

        Raises
        ------
        ModelError
            If the file is missing, damaged, or refused by the runtime, or the device is
            not there.
        """
        content = self.weights.files[self.storage].read()
        # A runtime takes up to a second to import, and OpenVINO may be missing.
        if self.runtime == "openvino":
            from passerby.inference.open_vino import OpenVinoSession  # noqa: PLC0415

            bfloat16 = self.precision == "bfloat16"
            return OpenVinoSession(content, width, height, concurrency, bfloat16=bfloat16)
        if self.device == "cuda":
            from passerby.inference.cuda import open_on_gpu  # noqa: PLC0415

            return open_on_gpu(content, width, height, concurrency)
        from passerby.inference.onnx_runtime import OnnxRuntimeSession  # noqa: PLC0415

        return OnnxRuntimeSession(content, width, height)


def kept(open_session: Callable[..., Session], at_most: int = 1) -> Callable[..., Session]:
    """Open a session when it is first asked for, and keep the `at_most` last used.

    Of threads that ask at the same time one opens it, and the others wait for that one:
    it takes a quarter of a second of processor time.
    """
    remembered = lru_cache(maxsize=at_most)(open_session)
    lock = Lock()

    def session(*size: int) -> Session:
        with lock:
            return remembered(*size)

    return session


def plan(weights: Weights, runtime: Runtime = "auto", device: Device = "cpu") -> Execution:
    """Choose the fastest way on this machine, or on its GPU, that loses no accuracy."""
    if device == "cuda":
        return on_gpu(weights, runtime)
    has_openvino = importlib.util.find_spec("openvino") is not None
    return choose(weights, runtime, cpu.features_here(), has_openvino=has_openvino)


def on_gpu(weights: Weights, runtime: Runtime) -> Execution:
    """The one way on a GPU; that there is one, opening a session will tell.

    Raises
    ------
    ModelError
        If OpenVINO is asked for, which computes on the CPU.
    """
    if runtime == "openvino":
        raise ModelError(
            "OpenVINO computes on the CPU: with the device cuda, the runtime is onnxruntime."
        )
    return Execution(weights, "float", "onnxruntime", "float32", "cuda")


def choose(
    weights: Weights, runtime: Runtime, features: frozenset[str], *, has_openvino: bool
) -> Execution:
    """Choose the fastest way on a CPU that has the flags `features`.

    Measured with NanoDet-g (`benchmarks/detection_accuracy.py`): against ONNX Runtime
    in float32, OpenVINO in bfloat16 takes a fifth of the time and INT8 in ONNX Runtime
    half of it. Neither loses accuracy; neither gains time without the CPU's support.

    Raises
    ------
    ModelError
        If OpenVINO is asked for by name and not installed.
    """
    if runtime == "openvino" and not has_openvino:
        raise ModelError("OpenVINO is not installed: pip install 'passerby[openvino]'.")
    fast_bfloat16 = bool(features & cpu.FAST_BF16)
    if runtime == "openvino" or (runtime == "auto" and has_openvino and fast_bfloat16):
        in_16_bits = fast_bfloat16 and weights.bfloat16
        return Execution(weights, "float", "openvino", "bfloat16" if in_16_bits else "float32")
    if "int8" in weights.files and features & cpu.FAST_INT8:
        return Execution(weights, "int8", "onnxruntime", "int8")
    return Execution(weights, "float", "onnxruntime", "float32")


def check_size(image: Image, width: int, height: int) -> None:
    """Refuse an image of another size than the session's."""
    if image.shape != (height, width, 3):
        raise ValueError(f"image must have shape {(height, width, 3)}, got {image.shape}")
