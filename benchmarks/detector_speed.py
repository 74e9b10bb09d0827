"""Measure how long the detector alone takes for a frame, in each installed runtime."""

import importlib.util
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from benchmarks.footage import SAMPLE
from benchmarks.machine import core_count
from benchmarks.table import Cell, markdown

from passerby.inference import cpu, weights
from passerby.inference.execution import Execution
from passerby.inference.session import Image
from passerby.people.detector import SHIPPED_NETWORK
from passerby.people.nanodet import NanoDetDetector
from passerby.records import Detections
from passerby.video.decode import decode

# Large persons, and small ones in videos of 16:9 and of 4:3; the first two are those
# at which accuracy is measured.
SIZES = ((384, 288), (640, 352), (640, 480))
FRAMES = 40
ROUNDS = 5


def detector_table() -> str:
    """Tabulate ms a frame on one thread, and frames per second on one and on all cores."""
    rows = [row for execution in executions() for row in _rows(execution)]
    cores = core_count()
    headings = ["runtime", "image", "1 thread, ms", "1 thread, frames/s"]
    return markdown([*headings, f"{cores} threads, frames/s"], rows)


def _rows(execution: Execution) -> list[list[Cell]]:
    cores = core_count()
    open_session = partial(execution.open_session, concurrency=cores)
    shift = execution.weights.logit_shift
    detector = NanoDetDetector(execution.identity, open_session, shift)
    name = f"{execution.runtime} {execution.precision}"
    rows: list[list[Cell]] = []
    for width, height in SIZES:
        frames = [frame.image((width, height)) for frame in islice(decode(str(SAMPLE)), FRAMES)]
        one, every = (_seconds(detector.detect, frames, threads) for threads in (1, cores))
        rows.append([name, f"{width}x{height}", 1e3 * one, 1 / one, 1 / every])
    return rows


def _seconds(detect: Callable[[Image], Detections], frames: list[Image], threads: int) -> float:
    """Measure the seconds a frame takes with `threads` at a time, the median of some rounds."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(detect, frames[: 2 * threads]))  # loads the network
        return statistics.median(_round(pool, detect, frames) for _ in range(ROUNDS)) / len(frames)


def _round(
    pool: ThreadPoolExecutor, detect: Callable[[Image], Detections], frames: list[Image]
) -> float:
    began = time.perf_counter()
    list(pool.map(detect, frames))
    return time.perf_counter() - began


def executions() -> list[Execution]:
    """List every installed runtime in every number format that it can compute."""
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
