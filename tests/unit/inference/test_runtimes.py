"""Both runtimes, through the same questions."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import passerby
from passerby.errors import ModelError
from passerby.inference.execution import Execution
from passerby.inference.onnx_runtime import OnnxRuntimeSession
from passerby.inference.weights import find

WIDTH, HEIGHT = 160, 96
WEIGHTS = find("nanodet-g")
SOURCE = Path(passerby.__file__).parent.parent
RUNTIMES: tuple[Literal["onnxruntime", "openvino"], ...] = ("onnxruntime", "openvino")
EXECUTIONS = [
    Execution(WEIGHTS, "float", "onnxruntime", "float32"),
    Execution(WEIGHTS, "int8", "onnxruntime", "int8"),
    Execution(WEIGHTS, "float", "openvino", "float32"),
    Execution(WEIGHTS, "float", "openvino", "bfloat16"),
]


@pytest.fixture(params=EXECUTIONS, ids=lambda it: f"{it.runtime} {it.precision}")
def execution(request: pytest.FixtureRequest) -> Execution:
    chosen: Execution = request.param
    if chosen.runtime == "openvino":
        pytest.importorskip("passerby.inference.open_vino")
    return chosen


@pytest.fixture(scope="module")
def images() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(6)]


def test_answers_have_no_batch_axis(execution: Execution, images: list[NDArray[np.uint8]]) -> None:
    boxes, scores = execution.open_session(WIDTH, HEIGHT).run(images[0])

    assert boxes.shape == (128, 4)
    assert scores.shape == (128,)
    assert (np.diff(scores) <= 0).all()


def test_concurrency_changes_no_bit(execution: Execution, images: list[NDArray[np.uint8]]) -> None:
    alone = execution.open_session(WIDTH, HEIGHT)
    shared = execution.open_session(WIDTH, HEIGHT, concurrency=2)

    expected = [alone.run(image) for image in images]
    with ThreadPoolExecutor(max_workers=3) as pool:
        computed = list(pool.map(shared.run, images))

    for one, other in zip(expected, computed, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_an_answer_is_not_overwritten_by_the_next(
    execution: Execution, images: list[NDArray[np.uint8]]
) -> None:
    session = execution.open_session(WIDTH, HEIGHT)

    (first, _) = session.run(images[0])
    before = first.copy()
    session.run(images[1])

    np.testing.assert_array_equal(first, before)


def test_the_runtimes_agree(images: list[NDArray[np.uint8]]) -> None:
    pytest.importorskip("passerby.inference.open_vino")
    one, other = (
        Execution(WEIGHTS, "float", runtime, "float32").open_session(WIDTH, HEIGHT).run(images[0])
        for runtime in RUNTIMES
    )

    np.testing.assert_allclose(one[1], other[1], rtol=1e-3)


def test_another_size_is_refused(execution: Execution) -> None:
    session = execution.open_session(WIDTH, HEIGHT)

    with pytest.raises(ValueError, match=r"got \(64, 64, 3\)"):
        session.run(np.zeros((64, 64, 3), dtype=np.uint8))


def test_a_view_with_gaps_is_taken(execution: Execution, images: list[NDArray[np.uint8]]) -> None:
    session = execution.open_session(WIDTH, HEIGHT)
    mirrored = images[0][:, ::-1]

    np.testing.assert_array_equal(session.run(mirrored)[1], session.run(mirrored.copy())[1])


# Runs in a process of its own, where OpenVINO has not been imported yet.
LISTENING = """
import sys
heard = []
watched = ("socket.", "os.fork", "subprocess.")
sys.addaudithook(lambda event, _: heard.append(event) if event.startswith(watched) else None)
from passerby.inference import open_vino
print(heard, sys.modules["openvino_telemetry"])
"""


def test_openvino_reports_to_nobody() -> None:
    pytest.importorskip("passerby.inference.open_vino")

    done = subprocess.run(
        [sys.executable, "-c", LISTENING],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE)},
    )

    assert done.stdout == "[] None\n"
    assert not done.stderr


def test_no_network_is_refused_by_onnx_runtime() -> None:
    with pytest.raises(ModelError, match="ONNX Runtime cannot load"):
        OnnxRuntimeSession(b"no network", WIDTH, HEIGHT)


def test_no_network_is_refused_by_openvino() -> None:
    pytest.importorskip("passerby.inference.open_vino")
    from passerby.inference.open_vino import OpenVinoSession  # noqa: PLC0415

    with pytest.raises(ModelError, match="OpenVINO cannot load"):
        OpenVinoSession(b"no network", WIDTH, HEIGHT, 1, bfloat16=False)
