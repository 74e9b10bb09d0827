"""Analyse one video with a clock on each stage, and print what each has cost.

    python -m benchmarks.stages VIDEO OUT

Does what `benchmarks.one_run VIDEO OUT` does, in as many processes, but within each process
one stage after the other: of stages side by side nobody can tell which one the processor
works for. Clocks are put around the objects that the parts of passerby hand each other, and
around the few functions and classes that no object stands for.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from benchmarks.clock import Costs, StageClock, add_costs

from passerby.bootstrap import single_file
from passerby.engine.local import LocalExecutor
from passerby.faces.finder import TwoPassFaceFinder
from passerby.inference import weights
from passerby.inference.execution import Execution, choose_execution
from passerby.pathing import analysis as pathing_analysis
from passerby.pathing import observe
from passerby.pathing import plan as planning
from passerby.pathing.analysis import Analysis, analyse
from passerby.pathing.executor import ShardCallback, ShardTask
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import load_all, serialised
from passerby.pathing.observe import Models, load_models
from passerby.pathing.plan import Shard
from passerby.pathing.video_source import FileSource
from passerby.people.appearance import describe
from passerby.people.detector import SHIPPED_NETWORK
from passerby.records import FractionCallback, Progress, Stage
from passerby.video.decode import DecodedFrame, Image, Size
from passerby.video.motion import camera_motion
from passerby.video.sampling import AnalysedFrames, SampledFrame
from passerby.video.shards import Span

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

T = TypeVar("T")
R = TypeVar("R")


class ObservedShard(NamedTuple):
    """Costs of observing one shard."""

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
    import_module("passerby.pathing.link")
    clock = StageClock()
    clock.costs["start"] = time.process_time()
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        analysis, of_shards = _analyse(asked.video, FolderObservationStore(Path(folder)), clock)
    with clock.stage("save"):
        single_file.write_results(analysis, asked.out, asked.video.stem)
    costs = add_costs([clock.costs, of_shards])
    print(json.dumps({"frames": len(analysis.frame_index), "costs": costs}))


def _analyse(
    video: Path, store: FolderObservationStore, clock: StageClock
) -> tuple[Analysis, Costs]:
    """Analyse a video; return what observing its shards has cost as well."""
    executor = StagedExecutor(store, clock)
    reading = {"load_all": clock.time_calls("save", load_all)}
    with _replace_attributes(pathing_analysis, reading), ExitStack() as linking:

        def on_progress(progress: Progress) -> None:
            if progress.stage is Stage.LINKING:  # the last stage that `analyse` tells of
                linking.enter_context(clock.stage("link"))

        source = FileSource(os.path.realpath(video), "benchmark")
        analysis = analyse(source, store, executor, on_progress=on_progress)
    return analysis, executor.observing_costs


class StagedExecutor:
    """A `pathing.executor.Executor` that clocks the planning, and the stages of each shard."""

    def __init__(self, store: FolderObservationStore, clock: StageClock) -> None:
        self.observing_costs: Costs = {}
        self._store = store
        self._clock = clock
        self._local = LocalExecutor()

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        """Do one thing in this process, as a part of the stage "plan"."""
        with _clock_modules(self._clock), self._clock.stage("plan"):
            return self._local.call(work, on_tick)

    def map(self, _task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> None:
        """Observe every shard, one stage after the other."""
        task = partial(observe_staged, store=self._store)
        observed = self._local.map(task, shards, on_progress)
        starts = {"start": started_cpu_s(observed)}
        self.observing_costs = add_costs([starts, *(one.costs for one in observed)])


def started_cpu_s(observed: Iterable[ObservedShard]) -> float:
    """Sum what the processes beside this one had used before their first shard."""
    first: dict[int, float] = {}
    for one in observed:
        first[one.process] = min(one.began_cpu_s, first.get(one.process, one.began_cpu_s))
    first.pop(os.getpid(), None)
    return sum(first.values())


def observe_staged(
    shard: Shard, on_progress: FractionCallback, /, *, store: FolderObservationStore, threads: int
) -> ObservedShard:
    """Observe a shard, one stage after the other, however many `threads` there might be."""
    del threads
    _import_runtime()
    began_cpu_s, clock = time.process_time(), StageClock()
    with _clock_modules(clock):
        models = _clock_models(load_models(shard, 1), clock)
        observations = observe.observe(shard, models, on_progress)
    with clock.stage("save"):
        store.put(shard.file_name, serialised(observations))
    return ObservedShard(os.getpid(), began_cpu_s, clock.costs)


class Clocked:
    """An object some of whose methods are clocked; all else is as it was."""

    def __init__(self, inner: object, methods: dict[str, Callable[..., Any]]) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of whatever class
        return self._methods.get(name) or getattr(self._inner, name)


def _clock_method(inner: T, clock: StageClock, method: str, stage: str) -> T:
    """Give an object whose `method` counts as a part of a stage."""
    return cast("T", Clocked(inner, {method: clock.time_calls(stage, getattr(inner, method))}))


def _clock_models(models: Models, clock: StageClock) -> Models:
    finder = models.face_finder
    assert isinstance(finder, TwoPassFaceFinder)  # noqa: S101 - with faces, as by default
    parts = replace(
        finder,
        detector=_clock_method(finder.detector, clock, "detect", "faces: detector"),
        mesh=_clock_method(finder.mesh, clock, "trace", "faces: mesh"),
    )
    return Models(
        _clock_method(models.detector, clock, "detect", "detect"),
        _clock_method(parts, clock, "find", "faces: rest"),
        models.input_sizes,
        models.pixel_aspect,
    )


class ClockedFrames(AnalysedFrames):
    """`AnalysedFrames` whose decoding and scaling are stages."""

    def __init__(
        self, clock: StageClock, source: str, span: Span, rate: Fraction | None, origin_pts: int
    ) -> None:
        super().__init__(source, span, rate, origin_pts)
        self._clock = clock

    def __iter__(self) -> Iterator[SampledFrame]:
        for sampled in self._clock.time_steps("decode", super().__iter__()):
            frame = sampled.frame
            methods: dict[str, Callable[..., Any]] = {
                "image": partial(self._image, frame),
                "gray": self._clock.time_calls("scale", frame.gray),
            }
            yield replace(sampled, frame=cast("DecodedFrame", Clocked(frame, methods)))

    def _image(self, frame: DecodedFrame, size: Size | None = None) -> Image:
        # Only faces are looked for in frames of their own size.
        with self._clock.stage("scale" if size else "faces: rest"):
            return frame.image(size)


@contextmanager
def _clock_modules(clock: StageClock) -> Iterator[None]:
    """Put clocks on what no object stands for, and have all work done in one thread."""
    open_session = clock.time_calls("load networks", Execution.open_session)
    steps = {
        "camera_motion": clock.time_calls("camera motion", camera_motion),
        "describe": clock.time_calls("appearance", describe),
        "AnalysedFrames": partial(ClockedFrames, clock),
    }
    inline = {"ThreadPoolExecutor": lambda _threads: InlineExecutor()}
    with (
        _replace_attributes(Execution, {"open_session": open_session}),
        _replace_attributes(planning, inline),
        _replace_attributes(observe, steps | inline),
    ):
        yield


@contextmanager
def _replace_attributes(owner: object, others: dict[str, Any]) -> Iterator[None]:
    """Put other attributes in the place of some until the block ends."""
    before = {name: getattr(owner, name) for name in others}
    for name, other in others.items():
        setattr(owner, name, other)
    try:
        yield
    finally:
        for name, former in before.items():
            setattr(owner, name, former)


def _import_runtime() -> None:
    """Import what computes the networks here, which else is a part of loading them."""
    runtime = choose_execution(weights.find(SHIPPED_NETWORK)).runtime
    module = {"openvino": "open_vino", "onnxruntime": "onnx_runtime"}[runtime]
    import_module(f"passerby.inference.{module}")


if __name__ == "__main__":
    main()
