"""Compare the speed of a whole analysis with that of the detector alone.

    python -m benchmarks.efficiency [--data FOLDER] [--runs N]

The detector alone is given the analysed frames of a clip, decoded and scaled before, in a
tight loop on as many threads as there are cores. An analysis decodes, scales, measures the
camera's motion, looks for faces and links besides; the shares say how much that leaves.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import footage, machine, speed
from benchmarks.table import Cell, markdown

from passerby.inference.session import Image
from passerby.pathing.plan import Options, Shard, plan
from passerby.pathing.video_source import FileSource
from passerby.people.detector import open_detector
from passerby.video.sampling import AnalysedFrames

OBSERVING = 2  # of `Run.phases_s`


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=3, help="of each; medians count")
    asked = parser.parse_args()
    headings = ["frames/s", "detector alone", "while observing", "share", "whole run", "share"]
    rows = [_row(clip, asked.runs) for clip in footage.clips(asked.data)]
    print(f"{machine.description()}\n")
    print(markdown(headings, rows))


def _row(clip: Path, runs: int) -> list[Cell]:
    shards = plan(FileSource(str(clip), "benchmark"), Options()).shards
    images = [image for shard in shards for image in _images(shard)]
    alone, observing, whole = [], [], []
    for _ in range(runs):  # by turns: what slows the machine slows both
        alone.append(_seconds(shards[0], images))
        run = speed.end_to_end(clip, runs=1)
        observing.append(run.phases_s[OBSERVING])
        whole.append(run.wall_s)
    rates = [len(images) / statistics.median(taken) for taken in (alone, observing, whole)]
    shares = [f"{rate / rates[0]:.0%}" for rate in rates]
    return [clip.stem, rates[0], rates[1], shares[1], rates[2], shares[2]]


def _images(shard: Shard) -> Iterator[Image]:
    """Yield the images of a shard that the detector is shown."""
    for sampled in AnalysedFrames(
        shard.source.location(), shard.span, shard.rate, shard.origin_pts
    ):
        if not sampled.is_beyond_span:
            yield sampled.frame.image(shard.input_sizes[0])


def _seconds(shard: Shard, images: list[Image]) -> float:
    """Measure how long the loaded detector takes for all images."""
    cores = machine.core_count()
    detector = open_detector(shard.network, shard.runtime, shard.device, cores)
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(detector.detect, images[: 2 * cores]))
        began = time.perf_counter()
        list(pool.map(detector.detect, images))
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
