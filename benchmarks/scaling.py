"""Measure how a long video gets faster with this machine's cores, and model it for more.

    python -m benchmarks.scaling [--hours 6] [--shards 4] [--ray-address HOST:PORT]

The video is the sample clip again and again, its packets copied. All of it is planned and
linked; of its shards only the first few are observed, on each number of cores there is
here, because they are all alike. What the model assumes is in docs/cluster.md.
"""

import argparse
import math
import os
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks import machine
from benchmarks.footage import SAMPLE, repeat_video
from benchmarks.table import Cell, markdown

from passerby.engine.local import LocalExecutor, ProcessPool, Task
from passerby.engine.ray_cluster import RayExecutor
from passerby.engine.ray_messages import Cluster
from passerby.pathing.link import link
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import concatenate, load
from passerby.pathing.observe import observe_shard
from passerby.pathing.plan import Options, Plan, Shard, plan
from passerby.pathing.video_source import FileSource

R = TypeVar("R")

CORES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SPEED = "× real time"  # noqa: RUF001 - the sign is meant


@dataclass(frozen=True)
class Spent:
    """Wall and processor time that something took."""

    wall_s: float
    cpu_s: float  # of this process and of those it started


@dataclass(frozen=True)
class Costs:
    """Costs that decide on the time of a whole video."""

    plan_s: float
    shard_s: float  # of one shard on one core
    link_s: float


def main() -> None:
    """Print what was measured, and what the model makes of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--shards", type=int, default=4, help="that are observed")
    parser.add_argument("--ray-address", help="observe them on this cluster as well")
    asked = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `passerby` itself does
    with TemporaryDirectory(prefix="passerby-bench-") as folder:
        _measure(Path(folder), asked.hours, asked.shards, asked.ray_address)


def _measure(folder: Path, hours: float, shard_count: int, ray_address: str | None) -> None:
    seconds = hours * 3600
    video = repeat_video(SAMPLE, seconds, folder / "long.mp4")
    chosen, planned = _measure_call(lambda: plan(FileSource(str(video), "benchmark"), Options()))
    few = chosen.shards[:shard_count]
    rows = [
        (f"local, {cores}", _observe_locally(few, folder / str(cores), cores))
        for cores in range(1, machine.core_count() + 1)
    ]
    if ray_address:
        rows.append(("Ray", _observe_on_ray(few, folder / "ray", ray_address)))
    # In a process of its own, where no library was loaded before its settings.
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        files = [folder / "1" / shard.file_name for shard in few]
        linked = fresh.submit(_link_repeatedly, chosen, files).result()
    print(f"{machine.description()}\n")
    sizes = f"{video.stat().st_size / 1e9:.1f} GB, {len(chosen.shards)} shards"
    print(f"{hours:g} h, {sizes}; planned in {planned.wall_s:.1f} s of wall time,")
    print(f"{planned.cpu_s:.1f} s of processor time; linked in {linked.cpu_s:.1f} s of it\n")
    print(_measurement_table(rows, len(few)))
    shard_s = rows[0][1].cpu_s / len(few)
    costs = Costs(planned.cpu_s, shard_s, linked.cpu_s)
    print(f"\n{_model_table(costs, len(chosen.shards), seconds)}")


def _measure_call(work: Callable[[], R]) -> tuple[R, Spent]:
    began, before = time.perf_counter(), _cpu_s()
    result = work()
    return result, Spent(time.perf_counter() - began, _cpu_s() - before)


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _observe_locally(shards: Sequence[Shard], folder: Path, cores: int) -> Spent:
    """Observe with one thread in each of `cores` processes."""
    folder.mkdir()
    task = partial(observe_shard, store=FolderObservationStore(folder), threads=1)
    return _measure_call(partial(_map_in_processes, task, shards, cores))[1]


def _map_in_processes(task: Task[Shard, None], shards: Sequence[Shard], cores: int) -> None:
    """Do a task on every shard; the processes then end, so that their time is counted."""
    with closing(ProcessPool()) as pool:
        pool.map(task, shards, cores, lambda *_: None)


def _observe_on_ray(shards: Sequence[Shard], folder: Path, address: str) -> Spent:
    """Observe on a cluster; the processor time of its nodes is not seen."""
    folder.mkdir()
    executor = RayExecutor(Cluster(address), LocalExecutor())
    task = partial(observe_shard, store=FolderObservationStore(folder))
    return _measure_call(lambda: executor.map(task, shards, lambda *_: None))[1]


def _link_repeatedly(chosen: Plan, files: Sequence[Path]) -> Spent:
    """Link the whole video, its later shards being the first ones again."""
    few = [load(path) for path in files]
    first, last = few[0].timestamp_ms[0], few[-1].timestamp_ms[-1]
    turn_ms = last - first + (last - first) // sum(map(len, few))  # and one step to the next
    shards = [
        replace(few[n % len(few)], timestamp_ms=few[n % len(few)].timestamp_ms + shift)
        for n in range(len(chosen.shards))
        for shift in [n // len(few) * turn_ms]
    ]
    whole = concatenate(shards)
    return _measure_call(lambda: link(whole, chosen.video.width, chosen.video.height))[1]


def _measurement_table(rows: Sequence[tuple[str, Spent]], shard_count: int) -> str:
    first = rows[0][1].wall_s
    table: list[list[Cell]] = [
        [name, spent.wall_s, spent.cpu_s, shard_count / spent.wall_s * 60, first / spent.wall_s]
        for name, spent in rows
    ]
    return markdown(["cores", "wall s", "CPU s", "shards/min", "speed-up"], table)


def _model_table(costs: Costs, shard_count: int, seconds: float) -> str:
    alone = model_seconds(costs, shard_count, cores=1)
    table: list[list[Cell]] = []
    for cores in (*CORES, shard_count):
        took = model_seconds(costs, shard_count, cores)
        share = f"{alone / took / cores:.0%}"
        table.append([str(cores), took / 60, seconds / took, alone / took, share])
    return markdown(["cores", "minutes", SPEED, "speed-up", "of each core"], table)


def model_seconds(costs: Costs, shard_count: int, cores: int) -> float:
    """Model the seconds for a video of `shard_count` equal shards on so many cores.

    Examples
    --------
    >>> model_seconds(Costs(plan_s=5, shard_s=10, link_s=20), 360, cores=100)
    65
    """
    rounds = math.ceil(shard_count / cores)
    return costs.plan_s + rounds * costs.shard_s + costs.link_s


if __name__ == "__main__":
    main()
