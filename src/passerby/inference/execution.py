"""Choose how this machine computes a network: the file, the runtime, the number format."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

from passerby.errors import ModelError
from passerby.inference import cpu
from passerby.inference.session import Device, Runtime, Session
from passerby.inference.weights import Storage, Weights


@dataclass(frozen=True)
class Execution:
    """A network and the way this machine computes it; small enough to send to a process."""

    weights: Weights
    storage: Storage
    runtime: Literal["onnxruntime", "openvino"]
    precision: Literal["float32", "bfloat16", "int8"]
    device: Device = "cpu"

    @property
    def identity(self) -> str:
        """Everything that determines the outputs, as a key for stored results."""
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


def choose_execution(
    weights: Weights, runtime: Runtime = "auto", device: Device = "cpu"
) -> Execution:
    """Choose the fastest execution on the CPU or GPU that loses no accuracy."""
    if device == "cuda":
        return gpu_execution(weights, runtime)
    has_openvino = importlib.util.find_spec("openvino") is not None
    return choose_cpu_execution(
        weights, runtime, cpu.read_cpu_features(), has_openvino=has_openvino
    )


def gpu_execution(weights: Weights, runtime: Runtime) -> Execution:
    """Return the execution on a GPU; opening a session shows whether there is one.

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


def choose_cpu_execution(
    weights: Weights, runtime: Runtime, features: frozenset[str], *, has_openvino: bool
) -> Execution:
    """Choose the fastest execution on a CPU with the feature flags `features`.

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
