"""What each stage of an analysis costs: processor time, one stage after the other.

In a real run decoding and the camera's motion go on in one thread while others scale
and detect, so wall time cannot be shared out among them; processor time can.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
from benchmarks.speed import Run
from benchmarks.table import markdown
from numpy.typing import NDArray

from passerby.pathing.link import link
from passerby.pathing.observations import load_all
from passerby.pathing.observe import GRAY_WIDTH, MASK_CONFIDENCE, observe_to_file
from passerby.pathing.plan import Options, Plan, Shard, plan
from passerby.people.detector import Detector, open_detector
from passerby.video.decode import DecodedFrame
from passerby.video.motion import Gray, camera_motion
from passerby.video.sampling import AnalysedFrames

STAGES = ("plan", "decode", "scale", "detect", "camera motion", "link")

Costs = dict[str, float]  # stage → seconds of processor time
Look = tuple[Gray, NDArray[np.float32]]  # small picture; boxes of persons in its pixels


def stage_costs(video: Path) -> Costs:
    """Go through a video as an analysis does, with a clock on each stage."""
    costs: Costs = defaultdict(float)
    with _clock(costs, "plan"):
        chosen = plan(str(video), "benchmark", Options())
    for shard in chosen.shards:
        for (gray, boxes), (following, _) in pairwise(_looks(shard, costs)):
            with _clock(costs, "camera motion"):
                camera_motion(gray, following, boxes)
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        _link(chosen, Path(folder), costs)
    return costs


def stages_table(measured: dict[Path, Run], costs: dict[Path, Costs]) -> str:
    """Share of each stage in the processor time of a whole run, and its ms a frame."""
    rows = [
        [video.stem, *_shares(costs[video], one), f"{1e3 * one.cpu_s / one.frames:.1f}"]
        for video, one in measured.items()
    ]
    return markdown(["video", *STAGES, "rest", "all, ms"], rows)


def _shares(costs: Costs, one: Run) -> list[str]:
    """The rest is the start of processes and threads, the network's loading, files."""
    seconds = [*(costs[stage] for stage in STAGES), one.cpu_s - sum(costs.values())]
    return [f"{s / one.cpu_s:.0%}, {1e3 * s / one.frames:.1f} ms" for s in seconds]


def _looks(shard: Shard, costs: Costs) -> Iterator[Look]:
    detector = open_detector(shard.network, shard.runtime, shard.device)
    width, height = shard.input_size
    detector.detect(np.zeros((height, width, 3), np.uint8))  # loads the network
    for frame in _decoded(shard, costs):
        yield _look(frame, detector, shard.input_size, costs)


def _decoded(shard: Shard, costs: Costs) -> Iterator[DecodedFrame]:
    frames = iter(AnalysedFrames(shard.source, shard.span, shard.rate, shard.origin_pts))
    while True:
        with _clock(costs, "decode"):
            sampled = next(frames, None)
        if sampled is None or sampled.is_beyond_span:
            return
        yield sampled.frame


def _look(frame: DecodedFrame, detector: Detector, size: tuple[int, int], costs: Costs) -> Look:
    width, height = frame.size
    gray_width = min(GRAY_WIDTH, width)
    gray_size = (gray_width, round(height * gray_width / width))
    with _clock(costs, "scale"):
        gray, image = frame.gray(gray_size), frame.image(size)
    with _clock(costs, "detect"):
        found = detector.detect(image)
    persons = found.xyxy[found.confidence >= MASK_CONFIDENCE]
    return gray, persons * np.tile(np.divide(gray_size, size), 2).astype(np.float32)


def _link(chosen: Plan, folder: Path, costs: Costs) -> None:
    paths = [
        observe_to_file(shard, lambda _: None, folder=folder, threads=1) for shard in chosen.shards
    ]
    with _clock(costs, "link"):
        observations = load_all(paths)
        link(observations, chosen.video.width, chosen.video.height)


@contextmanager
def _clock(costs: Costs, stage: str) -> Iterator[None]:
    """Add the processor time of the block, all threads', to a stage."""
    began = time.process_time()
    yield
    costs[stage] += time.process_time() - began
