"""Measure speed, memory and quality; print Markdown for `benchmarks/README.md`.

    make bench
    python -m benchmarks.run [--data FOLDER] [--runs N]

Every figure comes with the words that say how it was measured; the README explains
them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks import detector_speed, footage, length, machine, quality, speed

Section = tuple[str, str]  # heading, Markdown

LENGTHS_MINUTES = (1, 10)


def main() -> None:
    """Print each section as soon as it has been measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=3, help="of each video; medians count")
    asked = parser.parse_args()
    print(f"{machine.description()}\n", flush=True)
    for heading, text in _sections(asked.data, asked.runs):
        print(f"### {heading}\n\n{text}\n", flush=True)


def _sections(folder: Path, runs: int) -> Iterator[Section]:
    measured = {clip: speed.end_to_end(clip, runs) for clip in footage.clips(folder)}
    yield "Whole analysis", speed.speed_table(measured)
    yield "Three minutes of each", speed.films_table(measured, runs)
    yield "Where wall time goes, seconds", speed.phases_table(measured)
    yield "The detector alone", detector_speed.detector_table()
    yield "Memory and length", length.table(footage.SAMPLE, LENGTHS_MINUTES)
    sequences = footage.sequences(folder)
    if sequences:
        yield from _quality(sequences)


def _quality(sequences: list[Path]) -> Iterator[Section]:
    yield "Quality, every frame analysed", quality.every_frame_table(sequences)
    yield "Quality at 15 Hz, analysed frames only", quality.usual_rate_table(sequences)
    yield "Quality on given detections", quality.given_detections_table(sequences)


if __name__ == "__main__":
    main()
