"""Analyse one video as `passerby track` does, and tell when each stage began.

A process of its own, so that its memory and its start are measured as well:

    python -m benchmarks.one_run VIDEO OUT [--rate 15] [--processes N]
"""

import argparse
import json
import time
from fractions import Fraction
from pathlib import Path

from passerby.bootstrap import single_file
from passerby.engine.local import LocalExecutor
from passerby.pathing.plan import Options
from passerby.records import Progress, Stage


def main() -> None:
    """Write the results into the folder OUT; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=float, help="default: every frame")
    parser.add_argument("--processes", type=int)
    asked = parser.parse_args()
    began: dict[str, float] = {}

    def tell(progress: Progress) -> None:
        began.setdefault(progress.stage, time.monotonic())
        if progress.frames:
            began.setdefault("first frame", time.monotonic())

    options = Options(rate=Fraction(asked.rate) if asked.rate else None)
    executor = LocalExecutor(asked.processes)
    analysis = single_file.track_file(asked.video, options, executor, on_progress=tell)
    tell(Progress(Stage.SAVING))
    single_file.write_results(analysis, asked.out, asked.video.stem)
    print(json.dumps({"frames": len(analysis.frame_index), "began": began}))


if __name__ == "__main__":
    main()
