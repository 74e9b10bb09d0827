"""Open a video source and choose its video stream.

A source is the path of a file or an http(s) URL. Every other module of this
part opens sources here and nowhere else, so that FFmpeg's errors leave the part
as one of three: `UnsupportedVideo`, `DamagedVideo`, `VideoGone`.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from passerby.errors import UnsupportedVideo, VideoError, VideoGone
from passerby.video.kinds import (
    COVER_ONLY,
    HEAD_BYTES,
    INDEX_LOST,
    NO_DECODER,
    NO_KIND,
    NO_PICTURES,
    SOUND_ONLY,
    describe,
    holds_start_code,
)
from passerby.video.mp4_index import holds_several, lacks_index
from passerby.video.raw_streams import RAW_FORMATS, choose_rate, split_rated_source
from passerby.video.remote import RemoteFile

# FFmpeg's names of the containers that may be opened. What is missing is missing
# on purpose: playlists and lists of files (hls, dash, concat) name further
# sources of the uploader's choice, and pictures are no video.
CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,ivf,dhav,gif,apng,h264,hevc"

# Of these, one with a single picture is no video.
MOVING_PICTURES = {"gif", "apng"}

# FFmpeg's names of the protocols that what is in a container may reach: of a file,
# itself; of a URL, nothing.
FILE_PROTOCOLS = "file"
NO_PROTOCOLS = "none"

# Of a URL, bytes asked for at a time: FFmpeg's usual 32 KiB cost as many calls into Python.
REMOTE_BUFFER_BYTES = 256 * 1024

# What is done with text in a container that is not UTF-8; nobody reads it.
METADATA_ERRORS = "replace"

# Broadcast clocks run on from an arbitrary value, and recorders' show the time of day; time
# is counted from the start.
CLOCKS_WITHOUT_ZERO = {"mpegts", "mpeg", "dhav"}

# AVI stores the frames in decoding order and no time of presentation.
NO_PRESENTATION_TIMES = {"avi"}

# Largest frame, pixels: twice that of 8K. A few bytes can claim any size.
MAX_PIXELS = 8192 * 8192

TOO_LARGE = (
    f"Its frames have more than {MAX_PIXELS} pixels. Scale it down: "
    "ffmpeg -i FILE -vf scale=3840:-2 video.mp4"
)

UNREACHABLE = (OSError, av.error.HTTPError, av.error.HTTPClientError, av.error.ExitError)

# FFmpeg's name of what holds a table of all times.
INDEXED = {"mov,mp4,m4a,3gp,3g2,mj2"}

# More than both behind the last packet is no index.
UNREAD_SHARE, UNREAD_BYTES = 0.1, 1024

MICROSECONDS = 1_000_000  # FFmpeg's unit of a container's times (AV_TIME_BASE)


@dataclass(frozen=True)
class OpenVideo:
    """A container opened for reading, and the stream in it that is analysed."""

    container: InputContainer
    stream: VideoStream
    # Width and height of the first picture, not upright yet, whatever comes later; at first as
    # the container tells them
    stored_size: tuple[int, int]
    # PTS of what was damaged, as far as it was read and has any
    damaged_pts: list[int] = field(default_factory=list)
    # Byte behind the last packet that was read, as far as the container tells
    read_to: deque[int] = field(default_factory=lambda: deque([0], maxlen=1))
    # PTS of the frames left out because they repeat a time or step back
    left_out_pts: list[int] = field(default_factory=list)
    # Frames per second of a raw stream, which has no times; None of any other
    raw_rate: Fraction | None = None

    @property
    def time_base(self) -> Fraction:
        """Seconds of one tick: the unit of every PTS of the stream."""
        return self.stream.time_base or Fraction(1, MICROSECONDS)

    @property
    def frame_rate(self) -> Fraction | None:
        """Mean frames per second; None where it is unknown."""
        return self.raw_rate or self.stream.average_rate

    @property
    def has_presentation_times(self) -> bool:
        """Whether packets say when they are shown, not only when they are decoded."""
        return not self.raw_rate and self.container.format.name not in NO_PRESENTATION_TIMES

    def raw_pts(self, number: int) -> int:
        """PTS, in ticks, of a frame of a raw stream by its number, from 0."""
        return round(number / (self.raw_rate or 1) / self.time_base)

    @property
    def clock_may_restart(self) -> bool:
        """Whether a recording may follow another one in the file, with a clock of its own.

        A raw stream has no clock, and an MP4 with an index cannot step back.
        """
        return self.has_presentation_times

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

    @property
    def is_unread(self) -> bool:
        """Whether much of the file lies behind its last packet, once all were read.

        FFmpeg stops at the end of the first of several Matroska or MP4 files put together.
        """
        name = self.container.format.name
        if name.startswith("matroska"):
            unread = self.container.size - self.read_to[0]
            return unread > max(UNREAD_SHARE * self.container.size, UNREAD_BYTES)
        path = Path(self.container.name.removeprefix("file:"))
        if name not in INDEXED or not path.is_file():
            return False
        with path.open("rb") as file:
            return holds_several(file)

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
        content (`passerby.http_ranges`). Either may have a rate (`raw_streams`).

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
            location, given = split_rated_source(source)
            container = stack.enter_context(_open_input(location, stack))
            stream = _video_stream(container)
            rate = choose_rate(container.format.name, stream, given)
            stored_size = stream.codec_context.width, stream.codec_context.height
            yield OpenVideo(container, stream, stored_size, raw_rate=rate)
    except av.error.FFmpegError as error:
        raise _translate_error(error) from error


def first_bytes(source: str, count: int) -> bytes:
    """Read the beginning of a source; a URL may give less of it.

    Raises
    ------
    VideoGone
        If it cannot be read.
    """
    location, _ = split_rated_source(source)
    if _is_remote(location):
        with closing(RemoteFile(location)) as remote:
            return remote.read(count)
    try:
        with Path(location).open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise VideoGone(f"The video cannot be read: {error.strerror}.") from error


def _open_input(location: str, stack: ExitStack) -> InputContainer:
    try:
        container = _open_container(location, stack)
    except av.error.FFmpegError as error:
        if isinstance(error, UNREACHABLE):
            raise
        raise _unsupported(location) from error
    if not _holds_video(container, location):
        container.close()
        raise _unsupported(location)
    return container


def _holds_video(container: InputContainer, location: str) -> bool:
    """Whether it is a video, where the name of the format alone does not say so."""
    if container.format.name in RAW_FORMATS:
        # A name that ends in .h264 is enough for FFmpeg.
        return holds_start_code(first_bytes(location, HEAD_BYTES))
    if container.format.name in MOVING_PICTURES:
        with ExitStack() as stack:
            again = stack.enter_context(_open_container(location, stack))
            return sum(1 for packet in islice(again.demux(video=0), 2) if packet.size) > 1
    return True


def _unsupported(location: str) -> UnsupportedVideo:
    """Say what it is that FFmpeg took for no video."""
    if not _is_remote(location) and _lacks_index(location):
        return refusal(INDEX_LOST)
    return refusal(describe(first_bytes(location, HEAD_BYTES)) or NO_KIND)


def refusal(reason: str) -> UnsupportedVideo:
    """Return the error whose message begins with the words of the service."""
    return UnsupportedVideo(f"{UnsupportedVideo.__doc__} {reason}")


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
        raise refusal(_without_pictures(container))
    stream = max(candidates, key=lambda candidate: candidate.width * candidate.height)
    if stream.width * stream.height > MAX_PIXELS:
        raise refusal(TOO_LARGE)
    # The size may change on the way.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    # One thread: with more of them, what FFmpeg conceals damaged areas with
    # depends on how many there are. Speed comes from decoding spans side by side.
    stream.thread_type = "NONE"
    stream.thread_count = 1
    return stream


def _without_pictures(container: InputContainer) -> str:
    """Say why no stream of a container can be shown."""
    covers = [each for each in container.streams if each.disposition & Disposition.attached_pic]
    if len(covers) < len(container.streams.video):
        is_of_recorder = container.format.name == "dhav"
        return (is_of_recorder and describe(b"DHAV")) or NO_DECODER
    if container.streams.audio:
        return COVER_ONLY if covers else SOUND_ONLY
    return NO_PICTURES


def _translate_error(error: av.error.FFmpegError) -> VideoError:
    """Translate an error of FFmpeg into one of the domain."""
    if isinstance(error, UNREACHABLE):
        return VideoGone(f"The video cannot be read: {error.strerror}.")
    return UnsupportedVideo()
