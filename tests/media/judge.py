"""Look at a file in a process of its own, and say what is not as expected."""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from passerby.engine.local import ProcessPool
from passerby.errors import EngineError, VideoError
from passerby.video.decode import decode
from passerby.video.probe import first_pts, probe
from passerby.video.sampling import AnalysedFrames
from passerby.video.shards import plan_spans
from passerby.video.stills import stills

from .sample import Expected, Keeps, Refused, Shows, Size

SPAN_MS = 500
STILLS = 4
SEEN_SIZE = (16, 12)

IN_ACCESS, IN_OPEN = 0x1, 0x20  # of <sys/inotify.h>


@dataclass(frozen=True)
class Seen:
    """What passerby made of a file."""

    size: Size
    times_ms: tuple[int, ...]  # of all frames
    frames_of_spans: int  # decoded span by span


def look(path: str, report: Callable[[float], None]) -> Seen:
    """Do with a file what analysing it does, short of detecting anybody."""
    report(0.0)
    video = probe(path)
    for still in stills(path, STILLS):
        still.image(SEEN_SIZE)
        report(0.1)
    origin = first_pts(path)
    spans = plan_spans(path, SPAN_MS, report)
    counts = []
    for span in spans:
        frames = AnalysedFrames(path, span, None, origin)
        for sampled in frames:
            sampled.frame.gray(SEEN_SIZE)
            report(0.2)
        counts.append(frames.decoded_count)
    times = []
    for frame in decode(path):
        times.append(frame.timestamp_ms)
        report(0.6)
    return Seen((video.width, video.height), tuple(times), sum(counts))


def fault(pool: ProcessPool, path: Path, expected: Expected) -> str | None:
    """What is wrong with how passerby takes a file; None if nothing is."""
    with watched(path.parent.glob("secret*")) as opened:
        seen = outcome(pool, path)
        if events := opened():
            return f"opened another file: {events!r}"
    if isinstance(expected, Refused):
        return None if type(seen) is expected.error else f"{expected}, but {seen!r}"
    if isinstance(seen, Seen):
        return (
            _shown_fault(seen, expected)
            if isinstance(expected, Shows)
            else _kept_fault(seen, expected)
        )
    may_fail = isinstance(expected, Keeps) and not expected.intact_ms
    return None if may_fail and isinstance(seen, VideoError) else f"{expected}, but {seen!r}"


def outcome(pool: ProcessPool, path: Path) -> Seen | VideoError | EngineError | Exception:
    """What was seen, or the error that was raised instead; a crash is an `EngineError`."""
    try:
        return pool.call(partial(_look_or_refuse, str(path)), lambda: None)
    except Exception as error:  # noqa: BLE001 - judged by the caller
        return error


def _look_or_refuse(path: str, report: Callable[[float], None]) -> Seen | VideoError:
    """As `look`; an error that is expected is given back, and the process stays."""
    try:
        return look(path, report)
    except VideoError as error:
        return error


def _shown_fault(seen: Seen, expected: Shows) -> str | None:
    times = seen.times_ms
    if len(times) != expected.frames or seen.frames_of_spans != expected.frames:
        return f"{expected.frames} frames, but {len(times)}, in spans {seen.frames_of_spans}"
    if expected.size not in (None, seen.size):
        return f"{expected.size} pixels, but {seen.size}"
    if expected.times_ms not in (None, times):
        return f"{expected.times_ms} ms, but {times}"
    return None


def _kept_fault(seen: Seen, expected: Keeps) -> str | None:
    times = set(seen.times_ms)
    if not expected.has_times:
        few, many = len(expected.intact_ms), len(expected.written_ms)
        return None if few <= len(times) <= many else f"{few} to {many} frames, but {len(times)}"
    if lost := expected.intact_ms - times:
        return f"lost {sorted(lost)} ms beside the damage, has {sorted(times)}"
    if invented := times - expected.written_ms:
        return f"invented {sorted(invented)} ms"
    return None


@contextmanager
def watched(paths: Iterator[Path]) -> Iterator[Callable[[], bytes]]:
    """Whether anybody opens these files meanwhile; by the kernel's word (inotify)."""
    kernel = ctypes.CDLL(None, use_errno=True)
    queue = kernel.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    for path in paths:
        kernel.inotify_add_watch(queue, bytes(path), IN_ACCESS | IN_OPEN)

    def opened() -> bytes:
        try:
            return os.read(queue, 4096)
        except BlockingIOError:
            return b""

    try:
        yield opened
    finally:
        os.close(queue)
