"""What is said where there is no GPU; with one, the whole program is tried by hand."""

import onnxruntime as ort
import pytest

from passerby.errors import ModelError
from passerby.inference import cuda
from passerby.inference.cuda import CUDA, open_on_gpu
from passerby.inference.execution import Execution
from passerby.inference.weights import find

WEIGHTS = find("nanodet-g")
CONTENT = WEIGHTS.files["float"].read()

# As ONNX Runtime 1.31 told it before a driver that found no GPU, shortened at the front.
NO_GPU = (
    "onnxruntime/core/providers/cuda/cuda_call.cc:146 std::conditional_t<THRW, void, Status> "
    "CudaCall(ERRTYPE, const char*, int) [with ERRTYPE = cudaError; bool THRW = true] "
    "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=vm ; "
    "file=cuda_execution_provider.cc ; line=355 ; expr=cudaSetDevice(info_.device_id); \n\n"
)

pytestmark = pytest.mark.skipif(
    CUDA in ort.get_available_providers(), reason="this ONNX Runtime was built with CUDA"
)


@pytest.fixture
def built_with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ONNX Runtime that says so, and then computes on the CPU for want of libraries."""
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, "CPUExecutionProvider"])


def test_a_runtime_for_the_cpu_alone_is_refused() -> None:
    execution = Execution(WEIGHTS, "float", "onnxruntime", "float32", "cuda")

    with pytest.raises(ModelError, match=r"CPU only: pip install 'passerby\[cuda\]'"):
        execution.open_session(160, 96)


@pytest.mark.usefixtures("built_with_cuda")
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_the_cpu_in_place_of_the_gpu_is_refused() -> None:
    with pytest.raises(ModelError, match=r"CUDA cannot be used: the NVIDIA driver"):
        open_on_gpu(CONTENT, 160, 96, 1)


@pytest.mark.usefixtures("built_with_cuda")
def test_what_cuda_answered_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> ort.InferenceSession:
        raise ModelError("ONNX Runtime cannot load the network.") from RuntimeError(NO_GPU)

    monkeypatch.setattr(cuda, "load_session", refuse)

    with pytest.raises(ModelError, match=r"used: no CUDA-capable device is detected\.$"):
        open_on_gpu(CONTENT, 160, 96, 1)


@pytest.mark.usefixtures("built_with_cuda")
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_no_network_is_refused() -> None:
    with pytest.raises(ModelError, match="ONNX Runtime cannot load"):
        open_on_gpu(b"no network", 160, 96, 1)
