"""Files that came to harm: cut short, bits flipped, stretches zeroed, the index lost.

What must survive is worked out from where FFmpeg found each packet in the whole file:
a group of pictures that the damage did not touch is intact.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from passerby.errors import DamagedVideo
from passerby.testing import moving_boxes, write_clip

from .sample import Expected, Keeps, Refused, Sample, times

FRAMES, GOP = 60, 6

# Ending → options of the muxer; the index of a fast-start file comes first.
KINDS: dict[str, Mapping[str, str]] = {
    "mp4": {"movflags": "+faststart"},
    "mkv": {"cluster_time_limit": "240"},
    "ts": {},
    "avi": {},
    "flv": {},
}
CUTS = range(4, 100, 4)  # percent
SEEDS = range(8)
ZEROED = ((40, 41), (40, 45), (60, 75), (50, 100))  # percent
INDEX_LAST = "mp4"
TIMELESS = {"avi"}  # a frame's time is the number of those before it


@dataclass(frozen=True)
class Whole:
    """A good file, and where each of its frames lies."""

    content: bytes
    extents: tuple[tuple[int, int, bool], ...]  # first byte, last, whether a key frame

    def intact_ms(self, harmed: Callable[[int, int], bool], slack: int) -> list[int]:
        """Times of the frames whose bytes, and those they refer to, lie outside of the harm."""
        broken, kept = False, []
        for (first, end, is_key), time_ms in zip(self.extents, times(FRAMES), strict=True):
            is_harmed = harmed(first - slack, end + slack)
            broken = is_harmed or (broken and not is_key)
            if not broken:
                kept.append(time_ms)
        return kept


# Bytes around a packet that belong to it: its header in the container, and what the
# container needs to find the next one.
SLACK = {"mp4": 0, "mkv": 600, "ts": 400, "avi": 16, "flv": 32}


def samples() -> Iterator[Sample]:
    """Files from each of which something must still be shown, or nothing can be."""
    for ending in KINDS:
        for percent in CUTS:
            yield Sample(f"cut-at-{percent}.{ending}", partial(_cut, ending, percent))
        for seed in SEEDS:
            yield Sample(f"flipped-{seed}.{ending}", partial(_flipped, ending, seed))
        for first, last in ZEROED:
            yield Sample(f"zeroed-{first}-{last}.{ending}", partial(_zeroed, ending, first, last))
    for percent in CUTS:
        yield Sample(f"index-lost-at-{percent}.{INDEX_LAST}", partial(_index_lost, percent))
    yield Sample("no-picture-left.mp4", _no_picture_left)


@cache
def whole(ending: str, *, index_first: bool = True) -> Whole:
    """Make the good file of a kind."""
    options = KINDS[ending] if index_first else {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"whole.{ending}"
        write_clip(path, moving_boxes(FRAMES), gop=GOP, container_options=options)
        with av.open(path) as source:
            packets = [packet for packet in source.demux(video=0) if packet.size]
        content = path.read_bytes()
    starts = [packet.pos or 0 for packet in packets]
    ends = [start + packet.size for start, packet in zip(starts, packets, strict=True)]
    keys = [packet.is_keyframe for packet in packets]
    return Whole(content, tuple(zip(starts, ends, keys, strict=True)))


def _cut(ending: str, percent: int, path: Path) -> Expected:
    file = whole(ending)
    length = len(file.content) * percent // 100
    path.write_bytes(file.content[:length])
    intact = file.intact_ms(lambda _, end: end > length, SLACK[ending])
    return _kept(ending, intact)


def _flipped(ending: str, seed: int, path: Path) -> Expected:
    """One bit in each of some bytes within the pictures."""
    file = whole(ending)
    random = np.random.default_rng(seed)
    content = bytearray(file.content)
    places = [_place(file, random) for _ in range(1 + seed)]
    for place in places:
        content[place] ^= 1 << int(random.integers(8))
    path.write_bytes(content)

    def is_harmed(first: int, end: int) -> bool:
        return any(first <= place < end for place in places)

    return _kept(ending, file.intact_ms(is_harmed, SLACK[ending]))


def _place(file: Whole, random: np.random.Generator) -> int:
    """Number of a byte of a picture, the first two groups left alone."""
    first, end, _ = file.extents[int(random.integers(2 * GOP, FRAMES))]
    return int(random.integers(first, end))


def _zeroed(ending: str, first_percent: int, last_percent: int, path: Path) -> Expected:
    file = whole(ending)
    pictures = [extent[0] for extent in file.extents] + [file.extents[-1][1]]
    start, length = pictures[0], pictures[-1] - pictures[0]
    first, last = (start + length * percent // 100 for percent in (first_percent, last_percent))
    path.write_bytes(file.content[:first] + bytes(last - first) + file.content[last:])
    intact = file.intact_ms(lambda begin, end: begin < last and end > first, SLACK[ending])
    return _kept(ending, intact)


def _kept(ending: str, intact_ms: list[int]) -> Expected:
    return Keeps(frozenset(intact_ms), frozenset(times(FRAMES)), has_times=ending not in TIMELESS)


def _index_lost(percent: int, path: Path) -> Expected:
    """An MP4 as it is written: the index comes last, and never came."""
    content = whole(INDEX_LAST, index_first=False).content
    path.write_bytes(content[: len(content) * percent // 100])
    return Refused()


def _no_picture_left(path: Path) -> Expected:
    file = whole("mp4")
    first = file.extents[0][0]
    path.write_bytes(file.content[:first] + bytes(len(file.content) - first))
    return Refused(DamagedVideo)
