"""Measure an analysis from the start of its process to the written results."""

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks import spending
from benchmarks.footage import repeat_video
from benchmarks.table import Cell, markdown

from passerby.records import Stage
from passerby.video.probe import probe

RATE = 15.0  # frames analysed per second, the service's own
MEBIBYTE = 1024**2

SPEED = "× real time"  # noqa: RUF001 - the sign is meant

# Long enough for what is done once a video not to count for much.
FILM_S = 180


@dataclass(frozen=True)
class Run:
    """One analysis of one video."""

    frames: int  # analysed
    wall_s: float
    cpu_s: float
    peak_bytes: int
    first_frame_s: float  # from the start of the process until a frame had been analysed
    phases_s: tuple[float, ...]  # wall time: starting, planning, observing, linking, saving


def end_to_end(video: Path, runs: int) -> Run:
    """Analyse a video `runs` times; return the median of each figure."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        return median([run(video, Path(out), RATE) for _ in range(runs)])


def run(video: Path, out: Path, rate: float | None, processes: int | None = None) -> Run:
    """Analyse a video once, in a process of its own; the results go to the folder `out`."""
    command = [sys.executable, "-m", "benchmarks.one_run", str(video), str(out)]
    command += [f"--rate={rate}"] if rate else []
    command += [f"--processes={processes}"] if processes else []
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `passerby` itself does
    spent = spending.run(command)
    told = json.loads(spent.output)
    return Run(
        told["frames"],
        spent.wall_s,
        spent.cpu_s,
        spent.peak_bytes,
        told["began"]["first frame"] - spent.began,
        _phases(spent, told["began"]),
    )


def _phases(spent: spending.Spending, began: dict[str, float]) -> tuple[float, ...]:
    """Return the lengths of the five phases; the last includes the end of the process."""
    stages = (Stage.PLANNING, Stage.OBSERVING, Stage.LINKING, Stage.SAVING)
    moments = [spent.began, *(began[stage] for stage in stages), spent.began + spent.wall_s]
    return tuple(later - earlier for earlier, later in pairwise(moments))


def median(runs: list[Run]) -> Run:
    """Take the median of each figure by itself."""
    phases = zip(*(one.phases_s for one in runs), strict=True)
    return Run(
        runs[0].frames,
        statistics.median(one.wall_s for one in runs),
        statistics.median(one.cpu_s for one in runs),
        round(statistics.median(one.peak_bytes for one in runs)),
        statistics.median(one.first_frame_s for one in runs),
        tuple(statistics.median(phase) for phase in phases),
    )


def speed_table(measured: dict[Path, Run]) -> str:
    """Tabulate speed, work and memory of each video."""
    rows: list[list[Cell]] = []
    for video, one in measured.items():
        seen = probe(str(video))
        seconds = seen.duration_ms / 1000
        form = f"{seen.width}x{seen.height}, {seen.frame_rate:g} fps, {seconds:.0f} s"
        figures = (seconds / one.wall_s, one.frames / one.wall_s, one.wall_s, one.cpu_s)
        rows.append([video.stem, form, one.frames, *figures, round(one.peak_bytes / MEBIBYTE)])
    headings = ("video", "form", "frames analysed", SPEED, "frames/s", "wall s", "CPU s")
    return markdown([*headings, "peak MiB"], rows)


def phases_table(measured: dict[Path, Run]) -> str:
    """Tabulate wall time by phase."""
    rows = [
        [video.stem, *(f"{seconds:.2f}" for seconds in (*one.phases_s, one.first_frame_s))]
        for video, one in measured.items()
    ]
    headings = ["start", "plan", "observe", "link", "save and end", "until the first frame"]
    return markdown(["video", *headings], rows)


def films_table(clips: Iterable[Path], runs: int) -> str:
    """Tabulate three minutes of each clip, which is repeated where it is shorter."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        films = [repeat_video(clip, FILM_S, Path(folder) / clip.name) for clip in clips]
        return speed_table({film: end_to_end(film, runs) for film in films})
