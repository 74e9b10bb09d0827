"""What a sample of the corpus is, and how it may be expected to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from passerby.errors import UnsupportedVideo, VideoError

Size = tuple[int, int]  # width, height of the upright frame, pixels


class CannotWriteError(Exception):
    """FFmpeg refuses to write this; there is no such sample."""


@dataclass(frozen=True)
class Shows:
    """Every frame that was written, each once, cut into spans or not."""

    frames: int
    size: Size | None = None
    times_ms: tuple[int, ...] | None = None  # exact; None: only that they rise


@dataclass(frozen=True)
class Keeps:
    """A damaged file: all frames that the damage did not touch, and none that never were.

    Where nothing is intact, it may be refused as well.
    """

    intact_ms: frozenset[int]
    written_ms: frozenset[int]
    has_times: bool  # else frames are only counted


@dataclass(frozen=True)
class Refused:
    """An error of this class, and no other file opened."""

    error: type[VideoError] = UnsupportedVideo


Expected: TypeAlias = Shows | Keeps | Refused


@dataclass(frozen=True)
class Sample:
    """A file that is made when it is looked at."""

    name: str  # of the file; unique in the corpus
    write: Callable[[Path], Expected]


def times(frames: int, rate: int = 25) -> tuple[int, ...]:
    """Milliseconds of frames at a constant rate."""
    return tuple(number * 1000 // rate for number in range(frames))
