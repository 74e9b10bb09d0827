import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from passerby.errors import ModelError
from passerby.inference.execution import choose_cpu_execution, choose_execution
from passerby.inference.session import Runtime
from passerby.inference.weights import Weights, WeightsFile, find

BOTH = Weights(
    "tiny",
    "nanodet",
    {
        "float": WeightsFile(Path("tiny.onnx"), "f" * 64),
        "int8": WeightsFile(Path("tiny-int8.onnx"), "8" * 64),
    },
    logit_shift=0.0,
)
FLOAT_ONLY = Weights("tiny", "nanodet", {"float": BOTH.files["float"]}, logit_shift=0.0)
NO_BFLOAT16 = replace(BOTH, bfloat16=False)
OLD = frozenset({"fpu", "avx2"})
VNNI = OLD | {"avx512_vnni"}
AMX = VNNI | {"amx_bf16"}


@pytest.mark.parametrize(
    ("weights", "runtime", "features", "has_openvino", "expected"),
    [
        pytest.param(BOTH, "auto", frozenset(), False, "onnxruntime-float32", id="nothing known"),
        pytest.param(BOTH, "auto", OLD, True, "onnxruntime-float32", id="an old CPU"),
        pytest.param(BOTH, "auto", VNNI, True, "onnxruntime-int8", id="VNNI, no bfloat16"),
        pytest.param(BOTH, "auto", AMX, True, "openvino-bfloat16", id="bfloat16 and OpenVINO"),
        pytest.param(BOTH, "auto", AMX, False, "onnxruntime-int8", id="bfloat16, no OpenVINO"),
        pytest.param(FLOAT_ONLY, "auto", VNNI, True, "onnxruntime-float32", id="no INT8 file"),
        pytest.param(BOTH, "onnxruntime", AMX, True, "onnxruntime-int8", id="ONNX Runtime named"),
        pytest.param(BOTH, "openvino", OLD, True, "openvino-float32", id="OpenVINO, old CPU"),
        pytest.param(
            NO_BFLOAT16, "auto", AMX, True, "openvino-float32", id="a network that needs 32 bits"
        ),
    ],
)
def test_choose(
    weights: Weights,
    runtime: Runtime,
    features: frozenset[str],
    has_openvino: bool,  # noqa: FBT001
    expected: str,
) -> None:
    execution = choose_cpu_execution(weights, runtime, features, has_openvino=has_openvino)

    checksum = ("8" if expected.endswith("int8") else "f") * 12
    assert execution.identity == f"tiny@sha256:{checksum}/{expected}"


def test_a_missing_openvino_is_named() -> None:
    with pytest.raises(ModelError, match="OpenVINO is not installed"):
        choose_cpu_execution(BOTH, "openvino", AMX, has_openvino=False)


def test_an_execution_travels_to_another_process() -> None:
    execution = choose_execution(find("nanodet-g"))

    assert pickle.loads(pickle.dumps(execution)) == execution  # noqa: S301


@pytest.mark.parametrize("weights", [BOTH, FLOAT_ONLY, NO_BFLOAT16])
@pytest.mark.parametrize("runtime", ["auto", "onnxruntime"])
def test_on_a_gpu_it_is_the_float_network(weights: Weights, runtime: Runtime) -> None:
    execution = choose_execution(weights, runtime, "cuda")

    assert execution.identity == "tiny@sha256:ffffffffffff/onnxruntime-float32-cuda"


def test_openvino_on_a_gpu_is_a_contradiction() -> None:
    with pytest.raises(ModelError, match="OpenVINO computes on the CPU"):
        choose_execution(BOTH, "openvino", "cuda")
