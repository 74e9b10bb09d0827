"""Good pictures with odd times."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from passerby.errors import DamagedVideo
from passerby.testing import moving_boxes, write_clip

from .sample import Expected, Refused, Sample, Shows, times

FRAMES = 30
HOUR_MS = 3_600_000

VARIABLE = {
    "rising": [number * number for number in range(1, FRAMES + 1)],
    "bursts": [1000 * (number // 10) + number % 10 for number in range(FRAMES)],
    "a-millisecond-apart": list(range(FRAMES)),
    "a-pause-of-a-minute": [*range(0, 400, 40), *range(60_000, 60_800, 40)],
    "hours-of-nothing": [0, 40, 3 * HOUR_MS, 3 * HOUR_MS + 40, 5 * HOUR_MS],
    "once-an-hour": [number * HOUR_MS for number in range(6)],
    "a-day": [0, 24 * HOUR_MS],
}
RATES = (Fraction(1), Fraction(1, 10), Fraction(24000, 1001), Fraction(50), Fraction(240))
STARTS_MS = (-2000, -40, 40, 3_000, 36_000_000)


def samples() -> Iterator[Sample]:
    """Files whose times are right, however strange, or can be made so."""
    for name, moments in VARIABLE.items():
        for ending in ("mp4", "mkv"):
            yield Sample(f"variable-{name}.{ending}", partial(_at, moments))
    for rate in RATES:
        for ending in ("mp4", "mkv", "avi"):
            name = f"rate-{rate.numerator}-{rate.denominator}.{ending}"
            yield Sample(name, partial(_at_rate, rate))
    for start_ms in STARTS_MS:
        for ending in ("mp4", "mkv", "ts", "flv"):
            yield Sample(f"start-{start_ms}.{ending}", partial(_from, start_ms))
    for ending in ("mp4", "mkv"):
        yield Sample(f"edit-list-b-frames.{ending}", _reordered)
    for name, change in CHANGES.items():
        yield Sample(f"repeated-{name}.mp4", partial(_retimed, change))


def _at(moments: Sequence[int], path: Path) -> Expected:
    write_clip(path, moving_boxes(len(moments), (64, 48)), timestamps_ms=moments)
    return Shows(len(moments), (64, 48), tuple(moments) if min(moments) == 0 else None)


def _at_rate(rate: Fraction, path: Path) -> Expected:
    write_clip(path, moving_boxes(FRAMES, (64, 48)), rate=rate)
    return Shows(FRAMES, (64, 48))


def _from(start_ms: int, path: Path) -> Expected:
    write_clip(path, moving_boxes(FRAMES), start_ms=start_ms)
    if path.suffix != ".mp4":
        return Shows(FRAMES)
    # What lies before 0, an edit list leaves out.
    shown = [time_ms for time_ms in times(FRAMES) if time_ms + start_ms >= 0]
    return Shows(len(shown)) if shown else Refused(DamagedVideo)


def _reordered(path: Path) -> Expected:
    """B-frames: an MP4 then has an edit list, as its first time stamp is not 0."""
    write_clip(path, moving_boxes(FRAMES), b_frames=3)
    return Shows(FRAMES, times_ms=times(FRAMES))


def _retimed(change: Callable[[int], int], path: Path) -> Expected:
    """Every frame a key frame, its time changed; a time that does not rise is left out."""
    whole = write_clip(path.with_name("whole.mp4"), moving_boxes(FRAMES), gop=1)
    with av.open(whole) as source, av.open(path, "w") as target:
        film = source.streams.video[0]
        stream = target.add_stream_from_template(film)
        packets = [packet for packet in source.demux(film) if packet.size]
        tick = Fraction(1, 25) / packets[0].time_base
        for number, packet in enumerate(packets):
            _retime(packet, stream, round(number * tick), round(change(number) * tick))
            target.mux(packet)
    whole.unlink()
    shown = [change(number) for number in range(FRAMES)]
    rising = {moment for number, moment in enumerate(shown) if moment > max([-1, *shown[:number]])}
    return Shows(len(rising))


def _retime(packet: "Packet[VideoStream]", stream: VideoStream, dts: int, pts: int) -> None:
    # The muxer takes no packet that is shown before it is decoded.
    packet.dts, packet.pts, packet.stream = dts, pts, stream


# Number of a frame → number of the frame time at which it is shown, not before its own.
CHANGES: dict[str, Callable[[int], int]] = {
    "every-second": lambda number: number + number % 2,
    "stands-still-for-ten": lambda number: max(number, 20) if number >= 10 else number,
    "a-step-back": lambda number: 29 - number if number < 15 else number,
}
