"""Analyse one video with a clock on each stage, and tell what each has cost.

    python -m benchmarks.staged_run VIDEO OUT

Does what `benchmarks.one_run` does, in as many processes, but within each process one
stage after the other: of stages side by side nobody can tell which one the processor
works for. The clocks are put around what the parts of passerby offer each other.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.clock import Costs, StageClock, added

from passerby.bootstrap import single_file
from passerby.engine.local import run_shards
from passerby.faces.detector import FaceDetector
from passerby.faces.finder import open_face_finder
from passerby.faces.mesh import FaceMesh
from passerby.inference import weights
from passerby.inference.execution import Execution, choose_execution
from passerby.pathing import analysis, observe
from passerby.pathing import plan as planning
from passerby.pathing.analysis import Analysis, ShardWork, analyse
from passerby.pathing.plan import Options, Plan, Shard, plan
from passerby.people.detector import SHIPPED_NETWORK, open_detector
from passerby.video.decode import DecodedFrame, Image, Size
from passerby.video.sampling import AnalysedFrames, SampledFrame

# From the detector, which nobody can do without, to what is done once a video.
STAGES = (
    "detect",
    "decode",
    "scale",
    "camera motion",
    "appearance",
    "faces: detector",
    "faces: mesh",
    "faces: rest",
    "link",
    "plan",
    "load networks",
    "save",
    "start",
)

Report = Callable[[float], None]


class Observed(NamedTuple):
    """One shard, observed."""

    path: Path
    process: int  # its id
    began_cpu_s: float  # what the process had used before
    costs: Costs


class InlineExecutor(Executor):
    """Does all work at once, in the thread that hands it in."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """As `Executor.submit`; what the work raises, it raises."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def main() -> None:
    """Write the results into the folder OUT; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    _import_runtime()
    linking = import_module("passerby.pathing.link")
    clock = StageClock()
    clock.costs["start"] = time.process_time()
    with ExitStack() as clocks:
        clocks.enter_context(_replaced(analysis, "plan", _clocked_plan(clock)))
        clocks.enter_context(_clocked(clock, "link", linking, "link"))
        clocks.enter_context(_clocked(clock, "save", analysis, "load_all"))
        found, of_shards = _analysed(asked.video)
        with clock.stage("save"):
            single_file.write_results(found, asked.out, asked.video.stem)
    costs = added([clock.costs, of_shards])
    print(json.dumps({"frames": len(found.frame_index), "costs": costs}))


def _analysed(video: Path) -> tuple[Analysis, Costs]:
    """The analysis, and what observing its shards has cost."""
    observed: list[Observed] = []

    def run(
        work: ShardWork, shards: Sequence[Shard], on_progress: Callable[[int, float], None]
    ) -> list[Path]:
        workers = len(os.sched_getaffinity(0))
        staged = partial(observe_staged, work)
        observed.extend(run_shards(staged, shards, workers, on_progress, lambda: False))
        return [one.path for one in observed]

    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        found = analyse(os.path.realpath(video), "benchmark", Path(folder), run)
    starts = {"start": started_cpu_s(observed)}
    return found, added([starts, *(one.costs for one in observed)])


def started_cpu_s(observed: list[Observed]) -> float:
    """What the processes beside this one had used before their first shard."""
    first: dict[int, float] = {}
    for one in observed:
        first[one.process] = min(one.began_cpu_s, first.get(one.process, one.began_cpu_s))
    first.pop(os.getpid(), None)
    return sum(first.values())


def observe_staged(work: ShardWork, shard: Shard, report: Report) -> Observed:
    """Observe a shard, one stage after the other."""
    _import_runtime()
    began_cpu_s, clock = time.process_time(), StageClock()
    with _clocks_on_observing(clock):
        path = work(shard, report, threads=1)
    return Observed(path, os.getpid(), began_cpu_s, clock.costs)


@contextmanager
def _clocks_on_observing(clock: StageClock) -> Iterator[None]:
    seams: list[tuple[str, Any, str]] = [
        ("load networks", Execution, "open_session"),
        ("detect", type(open_detector()), "detect"),
        ("camera motion", observe, "camera_motion"),
        ("appearance", observe, "describe"),
        ("faces: detector", FaceDetector, "detect"),
        ("faces: mesh", FaceMesh, "trace"),
        ("faces: rest", type(open_face_finder()), "find"),
        ("scale", DecodedFrame, "gray"),
        ("save", observe, "save"),
    ]
    with ExitStack() as clocks:
        for stage, owner, name in seams:
            clocks.enter_context(_clocked(clock, stage, owner, name))
        clocks.enter_context(_replaced(DecodedFrame, "image", _clocked_image(clock)))
        clocks.enter_context(_replaced(AnalysedFrames, "__iter__", _clocked_frames(clock)))
        clocks.enter_context(
            _replaced(observe, "ThreadPoolExecutor", lambda _threads: InlineExecutor())
        )
        yield


def _clocked_plan(clock: StageClock) -> Callable[[str, str, Options, Report], Plan]:
    """`plan`; the networks are loaded for a look at some frames."""

    def clocked(source: str, fingerprint: str, options: Options, report: Report) -> Plan:
        loading = _clocked(clock, "load networks", Execution, "open_session")
        in_turn = _replaced(planning, "ThreadPoolExecutor", lambda _threads: InlineExecutor())
        with loading, in_turn, clock.stage("plan"):
            return plan(source, fingerprint, options, report)

    return clocked


def _clocked_image(clock: StageClock) -> Callable[[DecodedFrame, Size | None], Image]:
    """`DecodedFrame.image`; only faces are looked for in frames of their own size."""
    plain = DecodedFrame.image

    def image(frame: DecodedFrame, size: Size | None = None) -> Image:
        with clock.stage("scale" if size else "faces: rest"):
            return plain(frame, size)

    return image


def _clocked_frames(clock: StageClock) -> Callable[[AnalysedFrames], Iterator[SampledFrame]]:
    plain = AnalysedFrames.__iter__
    return lambda frames: clock.timed_steps("decode", plain(frames))


def _clocked(clock: StageClock, stage: str, owner: Any, name: str) -> ExitStack:  # noqa: ANN401
    """Within the context, each call of `owner.name` is a part of the stage."""
    return _replaced(owner, name, clock.timed(stage, getattr(owner, name)))


def _replaced(owner: Any, name: str, other: Any) -> ExitStack:  # noqa: ANN401
    """Another attribute in the place of one until the context ends."""
    context = ExitStack()
    context.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, other)
    return context


def _import_runtime() -> None:
    """Import what computes the networks here, which else is a part of loading them."""
    runtime = choose_execution(weights.find(SHIPPED_NETWORK)).runtime
    module = {"openvino": "open_vino", "onnxruntime": "onnx_runtime"}[runtime]
    import_module(f"passerby.inference.{module}")


if __name__ == "__main__":
    main()
