"""Raw streams of H.264 and HEVC: frames one after another, without a container or times.

The frames are shown at a constant rate: the one that was given with the source, or the one
that the stream tells (`timing_info` of its sequence parameters). A raw stream cannot be
sought: what lies before a frame decides on its time.

Sources: ITU-T H.264, annexes B (byte stream) and E.2.1 (`time_scale`); ITU-T H.265,
annexes B and E.2.1.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from passerby.errors import UnsupportedVideo, VideoError

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# FFmpeg's names of the formats.
RAW_FORMATS = {"h264", "hevc"}

# Rates that a stream may tell: what lies outside is a wrong entry.
SLOWEST, FASTEST = Fraction(1, 10), Fraction(1000)

# FFmpeg counts the length of a frame at this rate where the stream tells none
# (its manual, "h264": option `framerate`).
ASSUMED_RATE = Fraction(25)

# No path and no URL has this character.
MARK, FALLBACK = "\0fps=", "?"

RATE_MISSING = (
    "Its frames have no times, and it does not say how many are shown in a second: give the "
    "rate (`passerby track --fps 25`; for jobs, the setting raw_fps), or put it into a "
    "container: ffmpeg -r 25 -i FILE -c copy FILE.mkv"
)
HAS_TIMES = (
    "The video has times of its own: a rate (--fps) can be given for raw streams of H.264 "
    "and HEVC only."
)


@dataclass(frozen=True)
class GivenRate:
    """A frame rate that was given with a source."""

    fps: Fraction
    is_fallback: bool = False  # only where the stream tells none


def rate_source(source: str, rate: GivenRate) -> str:
    r"""Add a frame rate to a source, which all of this part then goes by.

    Examples
    --------
    >>> rate_source("/videos/door.h264", GivenRate(Fraction(25, 2)))
    '/videos/door.h264\x00fps=25/2'
    """
    return f"{source}{MARK}{rate.fps}{FALLBACK * rate.is_fallback}"


def split_rated_source(source: str) -> tuple[str, GivenRate | None]:
    r"""Split a source, rated or not, into the path or URL and the rate.

    Examples
    --------
    >>> split_rated_source("/videos/door.h264\0fps=25/2?")
    ('/videos/door.h264', GivenRate(fps=Fraction(25, 2), is_fallback=True))
    """
    location, mark, rate = source.partition(MARK)
    if not mark:
        return source, None
    return location, GivenRate(Fraction(rate.removesuffix(FALLBACK)), rate.endswith(FALLBACK))


def choose_rate(
    format_name: str, stream: "VideoStream", given: GivenRate | None
) -> Fraction | None:
    """Choose the rate at which the frames of a raw stream are shown; None for any other.

    Raises
    ------
    UnsupportedVideo
        If it is neither given nor told.
    VideoError
        If one is given for a video that has times.
    """
    if format_name not in RAW_FORMATS:
        if given is not None and not given.is_fallback:
            raise VideoError(HAS_TIMES)
        return None
    if given is not None and not given.is_fallback:
        return given.fps
    told = told_rate(stream) or (given.fps if given else None)
    if told is None:
        raise UnsupportedVideo(f"{UnsupportedVideo.__doc__} {RATE_MISSING}")
    return told


def told_rate(stream: "VideoStream") -> Fraction | None:
    """Frames per second that a raw stream tells; None where that is none or impossible."""
    told = stream.codec_context.framerate
    return told if told and SLOWEST <= told <= FASTEST else None


def count_frames(durations: int, stream: "VideoStream") -> int:
    """Count the frames of a raw stream by the sum of its packets' durations, ticks.

    A packet may hold half a frame.
    """
    rate = stream.codec_context.framerate or ASSUMED_RATE
    return round(durations * (stream.time_base or 0) * rate)
