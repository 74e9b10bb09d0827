"""Change bytes of small good files at random, and look at what comes of it.

`python -m tests.media.fuzz [--seconds S] [--seed N]`. What takes a process down, takes
more time or memory than allowed, raises what is no `VideoError`, or opens another file is
kept in the folder given by `--keep`, and counted.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from passerby.engine.local import ProcessPool
from passerby.errors import VideoError
from passerby.processes.limits import Limits
from passerby.testing import moving_boxes, write_clip

from .judge import Seen, outcome, watched

LIMITS = Limits(memory_bytes=1024**3, stall_seconds=20.0)

SEEDS: dict[str, dict[str, Any]] = {
    "a.mp4": {"container_options": {"movflags": "+faststart"}},
    "b.mp4": {"b_frames": 2, "rotation_degrees": 90},
    "c.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "d.mkv": {},
    "e.mkv": {"codec": "libx265"},
    "f.webm": {"codec": "libvpx-vp9"},
    "g.avi": {"codec": "mpeg4"},
    "h.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "i.ts": {},
    "j.mpg": {"codec": "mpeg2video"},
    "k.flv": {},
    "l.asf": {"codec": "wmv2"},
    "m.ogv": {"codec": "libvpx"},
    "n.mxf": {"codec": "mpeg2video"},
    "o.ivf": {"codec": "libvpx-vp9"},
}
# Numbers that lengths and counts are mistaken for.
ODD_NUMBERS = (
    b"\x00" * 4,
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x01",
)

Bytes = bytearray
Change = Callable[[Bytes, np.random.Generator], None]


def main() -> int:
    """Fuzz for a while; whether anything bad was found."""
    asked = _arguments()
    deadline = time.monotonic() + asked.seconds
    random = np.random.default_rng(asked.seed)
    counts: Counter[str] = Counter()
    pool = ProcessPool(LIMITS)
    with tempfile.TemporaryDirectory(prefix="passerby-fuzz-") as name:
        folder = Path(name)
        write_clip(folder / "secret.mp4", moving_boxes(2))
        seeds = {ending: _seed(folder, ending) for ending in SEEDS}
        while time.monotonic() < deadline:
            ending = str(random.choice(list(seeds)))
            content = mutated(seeds[ending], random)
            path = folder / f"fuzzed-{ending}"
            path.write_bytes(content)
            verdict = judged(pool, path)
            counts[verdict] += 1
            if verdict not in HARMLESS:
                _keep(asked.keep, f"{sum(counts.values())}-{ending}", content, verdict)
    pool.close()
    sys.stdout.write(f"{sum(counts.values())} files: {dict(counts.most_common())}\n")
    return sum(count for verdict, count in counts.items() if verdict not in HARMLESS)


SHOWN, REFUSED = "shown", "refused"
HARMLESS = {SHOWN, REFUSED}


def judged(pool: ProcessPool, path: Path) -> str:
    """Tell in a word what became of a file."""
    with watched(path.parent.glob("secret*")) as opened:
        seen = outcome(pool, path)
        if opened():
            return "opened another file"
    if isinstance(seen, Seen):
        return SHOWN
    return REFUSED if isinstance(seen, VideoError) else f"{type(seen).__name__}: {seen}"


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Change a file in some places."""
    changed = bytearray(content)
    for _ in range(int(random.geometric(0.3))):
        CHANGES[int(random.integers(len(CHANGES)))](changed, random)
    return bytes(changed)


def _flip(content: Bytes, random: np.random.Generator) -> None:
    content[_place(content, random)] ^= 1 << int(random.integers(8))


def _overwrite(content: Bytes, random: np.random.Generator) -> None:
    content[_place(content, random)] = int(random.integers(256))


def _odd_number(content: Bytes, random: np.random.Generator) -> None:
    place = _place(content, random)
    content[place : place + 4] = ODD_NUMBERS[int(random.integers(len(ODD_NUMBERS)))]


def _remove(content: Bytes, random: np.random.Generator) -> None:
    place = _place(content, random)
    del content[max(1, place) : place + int(random.integers(1, 64))]


def _repeat(content: Bytes, random: np.random.Generator) -> None:
    first, place = _place(content, random), _place(content, random)
    content[place:place] = content[first : first + int(random.integers(1, 256))]


def _cut(content: Bytes, random: np.random.Generator) -> None:
    del content[max(1, _place(content, random)) :]


CHANGES: tuple[Change, ...] = (_flip, _overwrite, _odd_number, _remove, _repeat, _cut)


def _place(content: Bytes, random: np.random.Generator) -> int:
    """Index of a byte; every second time, near the start: that is where headers are."""
    reach = len(content) if random.integers(2) else min(len(content), 600)
    return int(random.integers(reach))


def _seed(folder: Path, ending: str) -> bytes:
    path = write_clip(folder / f"seed-{ending}", moving_boxes(6, (64, 48)), **SEEDS[ending])
    return path.read_bytes()


def _keep(folder: Path | None, name: str, content: bytes, verdict: str) -> None:
    sys.stdout.write(f"{name}: {verdict}\n")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(bool(main()))
