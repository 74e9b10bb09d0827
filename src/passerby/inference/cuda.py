"""Open a network on an NVIDIA GPU in ONNX Runtime, or report what is missing for it."""

import re
import sys
from contextlib import redirect_stdout

import onnxruntime as ort

from passerby.errors import ModelError
from passerby.inference.io_binding import IoBindingSession
from passerby.inference.onnx_runtime import Provider, load_session, session_options

CUDA = "CUDAExecutionProvider"

# Source: ONNX Runtime, "CUDA Execution Provider",
# https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html, and of it
# onnxruntime/core/providers/cuda/nn/conv.cc.
PROVIDER: Provider = (
    CUDA,
    {
        # By itself it times the algorithms for each convolution and takes the fastest: not
        # the same one in every process, nor then the same last bits. With HEURISTIC cuDNN
        # chooses by rules; DEFAULT would be what ONNX Runtime calls "extremely slow".
        "cudnn_conv_algo_search": "HEURISTIC",
        # TF32 keeps 10 bits of 23; in so few the face mesh moves, see `Weights.bfloat16`.
        "use_tf32": "0",
        # Each process holds memory of its own; by itself it doubles it whenever more is due.
        "arena_extend_strategy": "kSameAsRequested",
    },
)

# The part of ONNX Runtime's message that quotes the error of a CUDA call.
FAILURE = re.compile(r"CUDA failure \d+: ([^;\n]+)")


def open_on_gpu(content: bytes, width: int, height: int, concurrency: int) -> IoBindingSession:
    """Load a network on the first GPU that this process sees.

    Parameters
    ----------
    content : bytes
        Of an ONNX file.
    width, height, concurrency : int
        As `Execution.open_session`.

    Raises
    ------
    ModelError
        If ONNX Runtime was built without CUDA, CUDA or the driver is missing, there is no
        GPU, or the network is refused.
    """
    if CUDA not in ort.get_available_providers():
        raise ModelError(
            "The ONNX Runtime installed here computes on the CPU only: "
            "pip install 'passerby[cuda]', then "
            "pip install --force-reinstall --no-deps onnxruntime-gpu."
        )
    with redirect_stdout(sys.stderr):  # where it complains of what it does not find
        ort.preload_dlls()  # of the nvidia packages, which the system's linker does not know
    session = _load_on_gpu(content, width, height)
    return IoBindingSession(session, "cuda", width, height, concurrency)


def _load_on_gpu(content: bytes, width: int, height: int) -> ort.InferenceSession:
    options = session_options(width, height)
    options.use_deterministic_compute = True  # no sums in whichever order threads end
    try:
        session = load_session(content, options, PROVIDER)
    except ModelError as error:
        failure = FAILURE.search(str(error.__cause__))
        if failure is None:
            raise
        raise ModelError(f"CUDA cannot be used: {failure[1].strip()}.") from error
    # Where a library is missing, ONNX Runtime logs which and goes on with the CPU.
    if CUDA not in session.get_providers():
        raise ModelError(
            "CUDA cannot be used: the NVIDIA driver (libcuda.so.1), CUDA or cuDNN is missing "
            "or has another version; ONNX Runtime has logged which."
        )
    return session
