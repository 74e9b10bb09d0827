"""The ways in which the shipped network can be computed on this machine."""

import importlib.util

from passerby.inference import cpu, weights
from passerby.inference.execution import Execution
from passerby.people.detector import SHIPPED_NETWORK


def executions() -> list[Execution]:
    """Every runtime that is installed, in every number format that it can compute."""
    found = weights.find(SHIPPED_NETWORK)
    ways = [
        Execution(found, "float", "onnxruntime", "float32"),
        Execution(found, "int8", "onnxruntime", "int8"),
    ]
    if importlib.util.find_spec("openvino"):
        ways.append(Execution(found, "float", "openvino", "float32"))
        if cpu.read_cpu_features() & cpu.FAST_BF16:
            ways.append(Execution(found, "float", "openvino", "bfloat16"))
    return ways
