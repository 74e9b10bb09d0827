"""What each stage of an analysis costs, of all the processor time that the analysis takes."""

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import spending
from benchmarks.clock import Costs
from benchmarks.staged_run import STAGES
from benchmarks.table import Cell, markdown

REST = "rest"


@dataclass(frozen=True)
class StagedRun:
    """One analysis, one stage after the other."""

    frames: int  # analysed
    cpu_s: float  # of all its processes, from their start to their end
    costs: Costs  # stage → seconds of processor time

    @property
    def ms_per_frame(self) -> dict[str, float]:
        """Each stage in order, and the rest that no clock covers, for each analysed frame."""
        seconds = {stage: self.costs.get(stage, 0.0) for stage in STAGES}
        seconds[REST] = self.cpu_s - sum(seconds.values())
        return {stage: 1e3 * spent / self.frames for stage, spent in seconds.items()}


def staged(video: Path, runs: int) -> StagedRun:
    """Analyse a video `runs` times, the stages clocked; the run of median processor time."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        all_runs = [run(video, Path(out)) for _ in range(runs)]
    return sorted(all_runs, key=lambda one: one.cpu_s)[runs // 2]


def stages_table(measured: dict[str, tuple[StagedRun, float]]) -> str:
    """Milliseconds of processor time for each analysed frame, a column a clip.

    Parameters
    ----------
    measured : dict
        Clip → its staged run, and the processor time of a usual run, seconds.
    """
    costs = [run.ms_per_frame for run, _ in measured.values()]
    rows: list[list[Cell]] = [
        [stage, *(clip[stage] for clip in costs)] for stage in (*STAGES, REST)
    ]
    rows.append(["all", *(1e3 * run.cpu_s / run.frames for run, _ in measured.values())])
    rows.append(["a usual run", *(1e3 * usual / run.frames for run, usual in measured.values())])
    return markdown(["ms a frame", *measured], rows)


def run(video: Path, out: Path) -> StagedRun:
    """Analyse a video once, in a process of its own; the results go to the folder `out`."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `passerby` itself does
    command = [sys.executable, "-m", "benchmarks.staged_run", str(video), str(out)]
    spent = spending.run(command)
    told = json.loads(spent.output)
    return StagedRun(told["frames"], spent.cpu_s, told["costs"])
