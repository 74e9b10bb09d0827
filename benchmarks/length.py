"""Compare the time and memory that a short and a long video take.

    python -m benchmarks.length [--video FILE] [--minutes 10 60 360]

Both play the same clip again and again. The peak is that of all processes together, over
the whole time.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.footage import SAMPLE, repeat_video
from benchmarks.speed import MEBIBYTE, RATE, SPEED, run
from benchmarks.table import Cell, markdown

# As many processes for the short video as for the long one, or more would be compared
# than the length.
PROCESSES = 2
HEADINGS = ("length", "frames analysed", SPEED, "CPU s a minute", "link s", "peak MiB")
LINKING = 3  # of `Run.phases_s`


def main() -> None:
    """Print the machine, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 60, 360])
    asked = parser.parse_args()
    print(f"{machine.description()}\n\n{table(asked.video, asked.minutes)}")


def table(clip: Path, minutes: Sequence[float]) -> str:
    """Run each length once, and write a row about it."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        return markdown(HEADINGS, [_row(clip, each, Path(folder)) for each in minutes])


def _row(clip: Path, minutes: float, folder: Path) -> list[Cell]:
    video = repeat_video(clip, minutes * 60, folder / "long.mp4")
    one = run(video, folder, RATE, PROCESSES)
    speed, work = minutes * 60 / one.wall_s, one.cpu_s / minutes
    figures = (speed, work, one.phases_s[LINKING], round(one.peak_bytes / MEBIBYTE))
    return [f"{minutes:g} min", one.frames, *figures]


if __name__ == "__main__":
    main()
