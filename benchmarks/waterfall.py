"""Show how the cost of an analysed frame builds up, from the detector to the whole analysis.

    make waterfall
    python -m benchmarks.waterfall [--data FOLDER | --video FILE] [--runs N] [--figure FILE]

Prints the table of `docs/speed.md` and draws its picture.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks import footage, machine, speed, spending
from benchmarks.clock import Costs
from benchmarks.stages import STAGES
from benchmarks.table import Cell, markdown

REST = "rest"

Waterfall = Mapping[str, float]  # step, from the top → its length; all have the same steps

# Pixels.
LABEL_WIDTH, PANEL_WIDTH, GAP = 130, 172, 14
HEAD, ROW, BAR, FOOT = 54, 24, 15, 16
LEAST_WIDTH = 440  # the title's
# Right of the longest bar, for its figure.
FIGURE_WIDTH = 34

WHOLE = "all"

STYLE = """
    .ground { fill: #ffffff }
    .words { fill: #1c2733 }
    .soft { fill: #4a5866 }
    .row { stroke: #e3e8ec }
    .first { fill: #0b7fab }
    .step { fill: #c2410c }
    .whole { fill: #6b7886 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #14191f }
      .words { fill: #e6ebf0 }
      .soft { fill: #a9b4bf }
      .row { stroke: #2b343d }
      .first { fill: #38b0de }
      .step { fill: #f0813f }
      .whole { fill: #8a97a5 }
    }
"""


def main() -> None:
    """Print one table, write one picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--video", type=Path, help="this one instead of all there are")
    parser.add_argument("--runs", type=int, default=3, help="of each; medians count")
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/waterfall.svg"))
    asked = parser.parse_args()
    print(f"{machine.description()}\n", flush=True)
    measured = {}
    for clip in [asked.video] if asked.video else footage.clips(asked.data):
        usual = speed.end_to_end(clip, asked.runs)
        measured[clip.stem] = (run_staged(clip, asked.runs), usual.cpu_s)
    print(stages_table(measured))
    costs = {clip: run.ms_per_frame for clip, (run, _) in measured.items()}
    asked.figure.write_text(draw_waterfall(costs), encoding="utf-8")


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


def run_staged(video: Path, runs: int) -> StagedRun:
    """Analyse a video `runs` times by stages; return the run of median processor time."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as out:
        all_runs = [run(video, Path(out)) for _ in range(runs)]
    return sorted(all_runs, key=lambda one: one.cpu_s)[runs // 2]


def stages_table(measured: dict[str, tuple[StagedRun, float]]) -> str:
    """Tabulate milliseconds of processor time for each analysed frame, a column a clip.

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
    command = [sys.executable, "-m", "benchmarks.stages", str(video), str(out)]
    spent = spending.run(command)
    told = json.loads(spent.output)
    return StagedRun(told["frames"], spent.cpu_s, told["costs"])


def draw_waterfall(clips: Mapping[str, Waterfall]) -> str:
    """Draw a panel for each clip as SVG, all at one scale; readable on light and on dark.

    Parameters
    ----------
    clips : mapping
        Name → what each step adds, milliseconds of processor time for each frame.
    """
    steps = [*next(iter(clips.values())), WHOLE]
    width = max(LEAST_WIDTH, LABEL_WIDTH + len(clips) * (PANEL_WIDTH + GAP))
    height = HEAD + len(steps) * ROW + FOOT
    longest = max(sum(clip.values()) for clip in clips.values())
    scale = (PANEL_WIDTH - FIGURE_WIDTH) / longest
    lines = [*_frame(width, steps)]
    for number, (name, clip) in enumerate(clips.items()):
        lines += _panel(LABEL_WIDTH + number * (PANEL_WIDTH + GAP), name, clip, scale)
    return _document(width, height, lines)


def _document(width: int, height: int, lines: Sequence[str]) -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="system-ui, sans-serif" font-size="12" role="img"'
        ' aria-label="Processor time of an analysed frame, stage by stage">\n'
        f"  <style>{STYLE}  </style>\n"
        f'  <rect class="ground" width="{width}" height="{height}"/>\n'
        f"{body}\n</svg>\n"
    )


def _frame(width: int, steps: Sequence[str]) -> Iterator[str]:
    """Draw the names of the steps, and a line under each."""
    yield _text(
        "words", 12, 20, "Milliseconds of processor time for each analysed frame", bold=True
    )
    for row, step in enumerate(steps):
        below = HEAD + (row + 1) * ROW
        yield f'<line class="row" x1="12" y1="{below}" x2="{width - 12}" y2="{below}"/>'
        yield _text("words", 12, below - 8, step, bold=step == WHOLE)


def _panel(left: int, name: str, clip: Waterfall, scale: float) -> Iterator[str]:
    yield _text("soft", left, HEAD - 10, _shorten(name))
    reached = 0.0
    for row, value in enumerate(clip.values()):
        yield from _bar("step" if row else "first", left, row, (reached, value), scale)
        reached += value
    yield from _bar("whole", left, len(clip), (0.0, reached), scale)


def _bar(
    kind: str, left: int, row: int, extent: tuple[float, float], scale: float
) -> Iterator[str]:
    """Draw a bar, and its length beside it; the rest may be less than nothing."""
    begins, length = extent
    x, width = left + min(begins, begins + length) * scale, max(abs(length) * scale, 0.5)
    y = HEAD + row * ROW + (ROW - BAR) / 2
    yield f'<rect class="{kind}" x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="1"/>'
    yield _text("soft", x + width + 4, y + BAR - 3, f"{length:.1f}")


def _shorten(name: str) -> str:
    """Cut a name to what fits over a panel."""
    most = PANEL_WIDTH // 8
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _text(kind: str, x: float, y: float, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:g}"{weight}>{escape(words)}</text>'


if __name__ == "__main__":
    main()
