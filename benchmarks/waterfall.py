"""How the cost of an analysed frame builds up: from the detector alone to the whole analysis.

    make waterfall
    python -m benchmarks.waterfall [--data FOLDER | --video FILE] [--runs N] [--figure FILE]

Prints the table of `docs/speed.md` and draws its picture.
"""

import argparse
from pathlib import Path

from benchmarks import footage, machine, speed, stages
from benchmarks.waterfall_figure import drawn


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
        measured[clip.stem] = (stages.staged(clip, asked.runs), usual.cpu_s)
    print(stages.stages_table(measured))
    costs = {clip: run.ms_per_frame for clip, (run, _) in measured.items()}
    asked.figure.write_text(drawn(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
