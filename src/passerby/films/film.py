"""A copy of a video with other pictures, at the same times and with its sound.

Its pixels are square: where those of the source are not, the picture is made wider or
higher, so that it looks the same everywhere, and what is drawn in it is not squeezed.

Frames stream from the decoder to the encoder, one at a time, and keep their times: what
`GetPersonTracking` calls 12,400 ms is seen at 12.4 seconds. Nothing else of the source
is taken over: no subtitles, no cover picture, no words about the place or the device.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Interpolation
from av.video.stream import VideoStream

from passerby.errors import DamagedVideo
from passerby.files import atomic_file
from passerby.films.placement import scaled
from passerby.films.progress import ProgressCallback
from passerby.films.sound import COPIED_CODECS, add_sound
from passerby.inference.cpu import read_cpu_features
from passerby.records import Sightings
from passerby.video.container import OpenVideo, open_video
from passerby.video.decode import DecodedFrame, Image, Size, frames_of
from passerby.video.probe import pixel_aspect, probe

EditFrame = Callable[[DecodedFrame, Image], Image]
EditImage = Callable[[Image], Image]

# H.264 in 4:2:0 is what every browser and player shows; its pictures have an even
# width and height.
CODEC, PIXEL_FORMAT = "libx264", "yuv420p"
# The same on every machine: what libx264 writes depends on how many there are.
ENCODER_THREADS = 4
# Its code for AVX-512 writes other bytes from run to run (5 different files in 8 runs, of 50
# frames of 96 x 64 pixels, 2026-11-22); that for AVX2 always the same.
AVX512, WITHOUT_AVX512 = "avx512f", {"x264-params": "asm=AVX2"}
USUAL_RATE = Fraction(25)  # for the encoder's planning, where the source tells none

# FFmpeg doubles the ticks of a track until there are so many in a second. MP4 tells when a
# track starts in ticks of the movie, usually of 1 ms, to which the start would be rounded.
MIN_TICKS_PER_SECOND = 10_000

# A side that squaring the pixels would make longer is kept, and the other made shorter.
LONGEST_SIDE = 8192
# Frames refer to others: from so long before a damaged one until so long after, milliseconds,
# they are damaged, too, unless a key frame comes between.
DAMAGED_BEFORE_MS, DAMAGED_AFTER_MS = 500, 2000

RGB, UNSPECIFIED = 0, 2  # FFmpeg's AVCOL_SPC_RGB and AVCOL_SPC_UNSPECIFIED


@dataclass(frozen=True)
class Encoding:
    """Settings of a film's encoder."""

    options: Mapping[str, str]  # of libx264
    copied_sound: frozenset[str]  # codecs whose sound is taken over; any other becomes AAC
    widest: int | None = None  # pixels, even; wider pictures are scaled down
    # Whether something is shown from 0 on: the first frame, until its time has come.
    shows_from_zero: bool = False


# About the size of the source: 0.8 to 1.2 times, measured on three street scenes of
# 480 to 1080 lines.
FULL = Encoding({"preset": "veryfast", "crf": "20"}, COPIED_CODECS)


@dataclass(frozen=True)
class Clock:
    """The time base and the zero of the source."""

    time_base: Fraction  # seconds of one tick
    zero_pts: int  # PTS, in ticks, at which the video's clock shows 0
    rate: Fraction  # mean frames per second

    def ticks(self, frame: DecodedFrame) -> int:
        """Return the time of a frame on the video's clock, in ticks."""
        return frame.pts - self.zero_pts


def write_film(
    source: str,
    target: Path,
    edit_frame: EditFrame,
    encoding: Encoding = FULL,
    on_progress: ProgressCallback | None = None,
    edit_damaged: EditImage | None = None,
) -> None:
    """Write a video as MP4, with other pictures and its own sound.

    The same source and edits give the same bytes, on however many cores.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video; read twice where it has sound.
    target : Path
        File to write; there is either all of it, or nothing.
    edit_frame : callable
        Makes a picture of a frame and its upright (h, w, 3) uint8 BGR image, whose pixels
        are square. All images have the size of the first, and so has what it gives.
    encoding : Encoding
    on_progress : callable, optional
        Receives the number of frames done, after each.
    edit_damaged : callable, optional
        Makes a picture of the image of a damaged frame, in place of `edit_frame`.

    Raises
    ------
    VideoError
        If the source cannot be read, or holds no frame.
    """
    clock = _clock(source)
    options = {
        # The index comes first, so that a player can begin before it has the whole file.
        "movflags": "+faststart",
        "movie_timescale": str(_movie_ticks(clock)),
    }
    edits = _Edits(edit_frame, edit_damaged)
    with atomic_file(target) as draft, av.open(draft, "w", "mp4", options) as output:
        for count in _encode(output, source, clock, edits, encoding):
            if on_progress:
                on_progress(count)


@dataclass(frozen=True)
class _Edits:
    """What is made of frames."""

    frame: EditFrame
    damaged: EditImage | None

    def picture(self, shown: "_ShownFrame", size: Size) -> Image:
        """Make the picture of a frame."""
        image = shown.frame.image(size)
        if shown.is_damaged and self.damaged:
            return self.damaged(image)
        return self.frame(shown.frame, image)


class _ShownFrame(NamedTuple):
    """A frame of the source."""

    frame: DecodedFrame
    is_damaged: bool


def _clock(source: str) -> Clock:
    with open_video(source) as video:
        rate = video.frame_rate or USUAL_RATE
        return Clock(video.time_base, video.zero_pts, rate)


def _movie_ticks(clock: Clock) -> int:
    """Choose ticks a second that express the start of the pictures exactly."""
    ticks = clock.time_base.denominator
    while ticks < MIN_TICKS_PER_SECOND:
        ticks *= 2
    return ticks


def _encode(
    output: OutputContainer, source: str, clock: Clock, edits: _Edits, encoding: Encoding
) -> Iterator[int]:
    """Encode all frames, with the sound beside them; yield how many are done, after each."""
    frames = _shown_frames(source, clock, encoding)
    first = next(frames, None)
    if first is None:
        raise DamagedVideo
    size = _size(square_size(first.frame.size, pixel_aspect(source)), encoding.widest)
    stream = _add_stream(output, clock, first.frame, size, encoding)
    sound = add_sound(output, source, encoding.copied_sound)
    end = 0
    for count, shown in enumerate(chain([first], frames), start=1):
        frame = shown.frame
        picture, ticks = _picture(frame, edits.picture(shown, size)), clock.ticks(frame)
        if shown is first and ticks and encoding.shows_from_zero:
            output.mux(stream.encode(_schedule(0, frame, picture, clock)))
        output.mux(stream.encode(_schedule(ticks, frame, picture, clock)))
        sound.write_until(ticks * clock.time_base)
        end = ticks + frame.duration
        yield count
    output.mux(stream.encode())
    sound.write_rest(end * clock.time_base)


def _shown_frames(source: str, clock: Clock, encoding: Encoding) -> Iterator[_ShownFrame]:
    """Decode all frames; leave out those before 0 where the film begins there."""
    with open_video(source) as video:
        damage = _Damage(video)
        for frame in frames_of(video):
            is_damaged = damage.reaches(frame)
            if clock.ticks(frame) >= 0 or not encoding.shows_from_zero:
                yield _ShownFrame(frame, is_damaged)


class _Damage:
    """Tells which frames are damaged, while the video is being decoded."""

    def __init__(self, video: OpenVideo) -> None:
        self._video = video
        self._mended = 0  # damaged places before the last key frame
        self._before = round(Fraction(DAMAGED_BEFORE_MS, 1000) / video.time_base)
        self._after = round(Fraction(DAMAGED_AFTER_MS, 1000) / video.time_base)

    def reaches(self, frame: DecodedFrame) -> bool:
        """Check whether a frame is damaged, or may refer to one that is."""
        if frame.picture.is_corrupt:
            return True
        known = self._video.damaged_pts
        if frame.picture.key_frame and all(pts < frame.pts for pts in known[self._mended :]):
            self._mended = len(known)
        return any(
            pts - self._before <= frame.pts <= pts + self._after for pts in known[self._mended :]
        )


def edit_by_size(build: Callable[[Size], EditFrame]) -> EditFrame:
    """Edit frames by what is built for the size of their images, which a film has one of."""
    built = cache(build)

    def edit(frame: DecodedFrame, image: Image) -> Image:
        return built((image.shape[1], image.shape[0]))(frame, image)

    return edit


def square_size(upright: Size, pixel_aspect: float) -> Size:
    """Choose the size at which a picture looks the same with square pixels, and loses none.

    Parameters
    ----------
    upright : width, height of the picture, pixels
    pixel_aspect : float
        Width of one of them for a height of 1.

    Examples
    --------
    >>> square_size((720, 576), 64 / 45), square_size((640, 240), 0.5)
    ((1024, 576), (640, 480))
    """
    width, height = upright
    wider, higher = round(width * pixel_aspect), round(height / pixel_aspect)
    enlarged = (wider, height) if pixel_aspect >= 1 else (width, higher)
    if max(enlarged) <= max(LONGEST_SIDE, *upright):
        return enlarged
    return (width, max(1, higher)) if pixel_aspect >= 1 else (max(1, wider), height)


def in_square_pixels(source: str, sightings: Sightings) -> tuple[Size, Sightings]:
    """Return the size of a video's pictures with square pixels, and sightings in those.

    Raises
    ------
    VideoError
        As `probe`.
    """
    told = probe(source)
    size = square_size((told.width, told.height), pixel_aspect(source))
    return size, scaled(sightings, (told.width, told.height), size)


def _size(upright: Size, widest: int | None) -> Size:
    """Choose the width and height of the images, pixels; scaled ones are even."""
    width, height = upright
    if widest is None or width <= widest:
        return max(2, width), max(2, height)
    return widest, max(2, 2 * round(height * widest / width / 2))


def _add_stream(
    output: OutputContainer, clock: Clock, frame: DecodedFrame, size: Size, encoding: Encoding
) -> VideoStream:
    options = dict(encoding.options) | (WITHOUT_AVX512 if AVX512 in read_cpu_features() else {})
    stream = cast("VideoStream", output.add_stream(CODEC, clock.rate, options=options))
    stream.width, stream.height = (length // 2 * 2 for length in size)
    stream.pix_fmt = PIXEL_FORMAT
    context = stream.codec_context
    context.thread_type, context.thread_count = "FRAME", ENCODER_THREADS
    context.time_base = clock.time_base
    # The same meaning of the same numbers, so that colours come out as they went in.
    context.colorspace = _colorspace(frame)
    context.color_primaries = frame.picture.color_primaries
    context.color_trc = frame.picture.color_trc
    context.color_range = ColorRange.MPEG
    return stream


def _picture(frame: DecodedFrame, image: Image) -> av.VideoFrame:
    """Convert an image for the encoder; odd sizes lose a line."""
    even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    return av.VideoFrame.from_ndarray(even, "bgr24").reformat(
        format=PIXEL_FORMAT,
        dst_colorspace=_colorspace(frame),
        dst_color_range=ColorRange.MPEG,
        # Rounded, not cut off: otherwise all colours get a little darker.
        interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND,
        threads=1,
    )


def _colorspace(frame: DecodedFrame) -> int:
    """Return FFmpeg's number of the matrix between RGB and YUV."""
    stored: int = frame.picture.colorspace
    return UNSPECIFIED if stored == RGB else stored


def _schedule(
    ticks: int, frame: DecodedFrame, picture: av.VideoFrame, clock: Clock
) -> av.VideoFrame:
    """Set the time at which a picture is shown, in ticks of the video's clock."""
    picture.time_base, picture.pts, picture.duration = clock.time_base, ticks, frame.duration
    return picture
