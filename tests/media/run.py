"""Run the whole corpus: `python -m tests.media.run [WORD ...]`, names that hold a word only."""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from passerby.engine.local import ProcessPool
from passerby.processes.limits import Limits

from .corpus import samples
from .judge import fault
from .sample import CannotWriteError

LIMITS = Limits(memory_bytes=2 * 1024**3, stall_seconds=60.0)


def main(words: list[str]) -> int:
    """Look at each sample; the number of those that end otherwise than expected."""
    os.environ["SVT_LOG"] = "0"  # an encoder that is fond of talking
    counts: Counter[str] = Counter()
    pool = ProcessPool(LIMITS)
    for sample in samples():
        if words and not any(word in sample.name for word in words):
            continue
        with tempfile.TemporaryDirectory(prefix="passerby-media-") as folder:
            path = Path(folder) / sample.name
            try:
                expected = sample.write(path)
            except CannotWriteError:
                counts["cannot be written"] += 1
                continue
            complaint = fault(pool, path, expected)
        counts[type(expected).__name__] += 1
        if complaint:
            counts["FAULTS"] += 1
            sys.stdout.write(f"{sample.name}: {complaint}\n")
    pool.close()
    sys.stdout.write(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + "\n")
    return counts["FAULTS"]


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
