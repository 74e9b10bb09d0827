"""Compare passerby with what one would build from parts; print one Markdown table.

    make bench-peers
    scripts/peers [--data FOLDER] [--videos NAME...] [--runs N]

The others get passerby's network, its choice of image size, and the same frames. Each run
is a fresh process; the contenders take turns, so that what slows the machine slows all.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import footage, machine, spending
from benchmarks.peers.contenders import Contender, contenders
from benchmarks.peers.linking import linking_ms, plan_without_faces
from benchmarks.speed import RATE
from benchmarks.table import Cell, markdown

from passerby.evaluation.grid import analysed_frames
from passerby.evaluation.report import COMBINED, evaluate
from passerby.pathing.plan import Plan

SCORES = ("HOTA", "IDF1", "MOTA")
HEADINGS = ("video", "pipeline", "wall s", "CPU s", "frames/s", "wall ÷ passerby's")
UNKNOWN = ("", "", "")  # scores of a video without truth

Scores = Mapping[str, Sequence[Cell]]  # video → its scores


@dataclass(frozen=True)
class Cost:
    """Frames and time that a contender took for a video."""

    frames: int
    wall_s: float  # median
    cpu_s: float  # median
    link_ms: float  # a frame

    def plus(self, other: "Cost") -> "Cost":
        """Add up both videos, one after the other."""
        frames = self.frames + other.frames
        link_ms = (self.link_ms * self.frames + other.link_ms * other.frames) / frames
        return Cost(frames, self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, link_ms)


def main() -> None:
    """Print the machine, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--videos", nargs="+", help="only these sequences of the folder")
    parser.add_argument("--runs", type=int, default=5, help="medians count")
    asked = parser.parse_args()
    print(f"{machine.description()}\n", flush=True)
    sequences = footage.sequences(asked.data)
    chosen = [one for one in sequences if asked.videos is None or one.name in asked.videos]
    videos = [footage.video_of(sequence) for sequence in chosen] or [footage.SAMPLE]
    everybody = contenders()
    with TemporaryDirectory(prefix="passerby-bench-") as work:
        costs = [_costs(video, everybody, Path(work), asked.runs) for video in videos]
        scores = [_scores(chosen, Path(work) / contender.name) for contender in everybody]
    names = [contender.name for contender in everybody]
    titles = [video.stem for video in videos]
    print(table(names, dict(zip(titles, costs, strict=True)), scores))


def _costs(video: Path, everybody: list[Contender], work: Path, runs: int) -> list[Cost]:
    """Measure each contender on a video; the tracks go to `work`/NAME."""
    with TemporaryDirectory(dir=work) as observations:
        chosen = plan_without_faces(video)
        frames, link_ms = linking_ms(chosen, Path(observations), runs)
    turns = [[_run_contender(one, video, work, chosen) for one in everybody] for _ in range(runs)]
    return [
        Cost(
            frames,
            statistics.median(run.wall_s for run in own),
            statistics.median(run.cpu_s for run in own),
            link_ms[contender.linker],
        )
        for contender, own in zip(everybody, zip(*turns, strict=True), strict=True)
    ]


def _run_contender(
    contender: Contender, video: Path, work: Path, chosen: Plan
) -> spending.Spending:
    out = work / contender.name
    out.mkdir(exist_ok=True)
    return spending.run(contender.command(video, out, chosen.shards[0].input_sizes[0]))


def _scores(sequences: list[Path], results: Path) -> Scores:
    """Score the analysed frames; empty without sequences."""
    if not sequences:
        return {}
    truth, names = sequences[0].parent, [sequence.name for sequence in sequences]
    report = evaluate(truth, results, names, analysed_frames(truth, results, RATE))
    return {str(row["sequence"]): [row[score] for score in SCORES] for row in report.rows()}


def table(names: Sequence[str], costs: dict[str, list[Cost]], scores: Sequence[Scores]) -> str:
    """Write a row a video and contender, and if there are more videos, all of them together.

    Parameters
    ----------
    names : sequence of str
        Of the contenders, passerby first.
    costs : dict
        Video → what each contender took.
    scores : sequence of mapping
        Of each contender.
    """
    if len(costs) > 1:
        costs = costs | {COMBINED: [_sum(own) for own in zip(*costs.values(), strict=True)]}
    rows = [
        _row(video, name, cost, taken[0], scored.get(video, UNKNOWN))
        for video, taken in costs.items()
        for name, cost, scored in zip(names, taken, scores, strict=True)
    ]
    return markdown([*HEADINGS, "linking ms a frame", *SCORES], rows)


def _sum(costs: Sequence[Cost]) -> Cost:
    total = costs[0]
    for cost in costs[1:]:
        total = total.plus(cost)
    return total


def _row(video: str, name: str, cost: Cost, ours: Cost, scores: Sequence[Cell]) -> list[Cell]:
    speed, ratio = cost.frames / cost.wall_s, cost.wall_s / ours.wall_s
    spent = (cost.wall_s, cost.cpu_s, speed, f"{ratio:.2f}", f"{cost.link_ms:.2f}")
    return [video, name, *spent, *scores]


if __name__ == "__main__":
    main()
