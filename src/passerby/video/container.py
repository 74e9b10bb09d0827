"""Open a video source and choose its video stream.

A source is the path of a file or an http(s) URL. Every other module of this
part opens sources here and nowhere else, so that FFmpeg's errors leave the part
as one of three: `UnsupportedVideo`, `DamagedVideo`, `VideoGone`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from passerby.errors import UnsupportedVideo, VideoError, VideoGone
from passerby.video.mp4_index import lacks_index
from passerby.video.remote import RemoteFile

# FFmpeg's names of the containers that may be opened. What is missing is missing
# on purpose: playlists and lists of files (hls, dash, concat) name further
# sources of the uploader's choice, and pictures are no video.
CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,ivf"

# FFmpeg's names of the protocols that what is in a container may reach: of a file,
# itself; of a URL, nothing.
FILE_PROTOCOLS = "file"
NO_PROTOCOLS = "none"

# Of a URL, bytes asked for at a time: FFmpeg's usual 32 KiB cost as many calls into Python.
REMOTE_BUFFER_BYTES = 256 * 1024

# What is done with text in a container that is not UTF-8; nobody reads it.
METADATA_ERRORS = "replace"

# Broadcast clocks run on from an arbitrary value; time is counted from the start.
CLOCKS_WITHOUT_ZERO = {"mpegts", "mpeg"}

# AVI stores the frames in decoding order and no time of presentation.
NO_PRESENTATION_TIMES = {"avi"}

# Largest frame, pixels: twice that of 8K. A few bytes can claim any size.
MAX_PIXELS = 8192 * 8192

INDEX_LOST = "Its index (moov) is missing: it was cut off before its end."
TOO_LARGE = f"Its frames have more than {MAX_PIXELS} pixels."

MICROSECONDS = 1_000_000  # FFmpeg's unit of a container's times (AV_TIME_BASE)


@dataclass(frozen=True)
class OpenVideo:
    """A container opened for reading, and the stream in it that is analysed."""

    container: InputContainer
    stream: VideoStream
    # PTS of what was damaged, as far as it was read and has any
    damaged_pts: list[int] = field(default_factory=list)

    @property
    def time_base(self) -> Fraction:
        """Seconds of one tick: the unit of every PTS of the stream."""
        return self.stream.time_base or Fraction(1, MICROSECONDS)

    @property
    def has_presentation_times(self) -> bool:
        """Whether packets say when they are shown, not only when they are decoded."""
        return self.container.format.name not in NO_PRESENTATION_TIMES

    @property
    def clock_may_restart(self) -> bool:
        """Whether the times are those of a broadcast, which another may follow in the file."""
        return self.container.format.name in CLOCKS_WITHOUT_ZERO

    @property
    def zero_pts(self) -> int:
        """PTS at which the video's clock shows 0 ms, in ticks."""
        started_us: int | None = self.container.start_time
        if self.container.format.name not in CLOCKS_WITHOUT_ZERO or started_us is None:
            return 0
        return round(Fraction(started_us, MICROSECONDS) / self.time_base)

    @property
    def start_pts(self) -> int:
        """PTS at which the stream says it starts, in ticks; 0 where it says nothing."""
        return self.stream.start_time or 0

    def timestamp_ms(self, pts: int) -> int:
        """Milliseconds on the video's clock, rounded down."""
        return ((pts - self.zero_pts) * 1000 * self.time_base).__floor__()


@contextmanager
def open_video(source: str) -> Iterator[OpenVideo]:
    """Open a source for reading; close it at the end of the block.

    Parameters
    ----------
    source : str
        Path of a file, or an http(s) URL, which may be pinned to one state of its
        content (`passerby.http_ranges`).

    Raises
    ------
    UnsupportedVideo
        If it is no video in an allowed container, or no decoder knows its codec.
    VideoGone
        If the source cannot be reached or read, at first or later in the block, or
        what it holds is not what it was pinned to.
    """
    try:
        with ExitStack() as stack:
            container = stack.enter_context(_open_input(source, stack))
            yield OpenVideo(container, _video_stream(container))
    except av.error.FFmpegError as error:
        raise _translate_error(error) from error


def first_bytes(source: str, count: int) -> bytes:
    """Read the beginning of a source; a URL may give less of it.

    Raises
    ------
    VideoGone
        If it cannot be read.
    """
    if _is_remote(source):
        with closing(RemoteFile(source)) as remote:
            return remote.read(count)
    try:
        with Path(source).open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise VideoGone(f"The video cannot be read: {error.strerror}.") from error


def _open_input(source: str, stack: ExitStack) -> InputContainer:
    try:
        return _open_container(source, stack)
    except av.error.InvalidDataError as error:
        if _is_remote(source) or not _lacks_index(source):
            raise
        raise UnsupportedVideo(f"{UnsupportedVideo.__doc__} {INDEX_LOST}") from error


def _lacks_index(path: str) -> bool:
    with Path(path).open("rb") as file:
        return lacks_index(file)


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _open_container(source: str, stack: ExitStack) -> InputContainer:
    options = {"format_whitelist": CONTAINERS}
    if _is_remote(source):
        file = stack.enter_context(closing(RemoteFile(source)))
        options["protocol_whitelist"] = NO_PROTOCOLS
        return av.open(
            file,
            "r",
            container_options=options,
            buffer_size=REMOTE_BUFFER_BYTES,
            metadata_errors=METADATA_ERRORS,
        )
    options["protocol_whitelist"] = FILE_PROTOCOLS
    # With the protocol written out, a colon in a file's name is only a colon.
    return av.open(f"file:{source}", container_options=options, metadata_errors=METADATA_ERRORS)


def _video_stream(container: InputContainer) -> VideoStream:
    """Choose the largest video stream that can be decoded; a cover picture is none."""
    candidates = [
        stream
        for stream in container.streams.video
        if stream.codec_context and not stream.disposition & Disposition.attached_pic
    ]
    if not candidates:
        raise UnsupportedVideo
    stream = max(candidates, key=lambda candidate: candidate.width * candidate.height)
    if stream.width * stream.height > MAX_PIXELS:
        raise UnsupportedVideo(f"{UnsupportedVideo.__doc__} {TOO_LARGE}")
    # The size may change on the way.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    # One thread: with more of them, what FFmpeg conceals damaged areas with
    # depends on how many there are. Speed comes from decoding spans side by side.
    stream.thread_type = "NONE"
    stream.thread_count = 1
    return stream


def _translate_error(error: av.error.FFmpegError) -> VideoError:
    """Translate an error of FFmpeg into one of the domain."""
    unreachable = (OSError, av.error.HTTPError, av.error.HTTPClientError, av.error.ExitError)
    if isinstance(error, unreachable):
        return VideoGone(f"The video cannot be read: {error.strerror}.")
    return UnsupportedVideo()
