"""The video once more, with everybody in it marked.

Frames stream from the decoder to the encoder, one at a time, and keep their
times: what `GetPersonTracking` calls 12,400 ms is seen at 12.4 seconds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Interpolation
from av.video.stream import VideoStream

from passerby.errors import DamagedVideo
from passerby.exports.drawing import Image, annotate
from passerby.exports.placement import place, place_faces, trails
from passerby.records import NO_FACE, Sightings
from passerby.video.container import open_video
from passerby.video.decode import DecodedFrame, decode

# H.264 in 4:2:0 is what every browser and player shows; its pictures have an even
# width and height.
CODEC, PIXEL_FORMAT = "libx264", "yuv420p"
# About the size of the source: 0.8 to 1.2 times, measured on three street scenes of
# 480 to 1080 lines.
ENCODER_OPTIONS = {"preset": "veryfast", "crf": "20"}
# The index comes first, so that a player can begin before it has the whole file.
CONTAINER_OPTIONS = {"movflags": "+faststart"}
USUAL_RATE = Fraction(25)  # for the encoder's planning, where the source tells none


@dataclass(frozen=True)
class Clock:
    """How the source counts time."""

    time_base: Fraction  # seconds of one tick
    zero_pts: int  # PTS, in ticks, at which the video's clock shows 0
    rate: Fraction  # mean frames per second


def write_overlay(
    source: str,
    sightings: Sightings,
    target: Path,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Write a marked copy of a video as MP4, without sound.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    sightings : Sightings
        What was found in it.
    target : Path
        File to write; there is either all of it, or nothing.
    progress : callable, optional
        Told the number of frames done, after each.

    Raises
    ------
    VideoError
        If the source cannot be read, or holds no frame.
    """
    clock = _clock(source)
    with _draft(target) as draft, av.open(draft, "w", "mp4", CONTAINER_OPTIONS) as output:
        written = _encode(output, clock, _annotated(source, sightings))
        for count in written:
            if progress:
                progress(count)


def _clock(source: str) -> Clock:
    with open_video(source) as video:
        rate = video.stream.average_rate or USUAL_RATE
        return Clock(video.time_base, video.zero_pts, rate)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Give a path beside the target; move it there when all went well."""
    draft = target.with_name(f".{target.name}.part")
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _annotated(source: str, sightings: Sightings) -> Iterator[tuple[DecodedFrame, Image]]:
    """Marked pictures of all frames, all of the first one's size."""
    bodies = sightings.take(sightings.has_body)
    faces = sightings.take(sightings.face != NO_FACE)
    size = None
    for frame in decode(source):
        size = size or frame.size
        placed = place(bodies, frame.timestamp_ms)
        seen = place_faces(faces, frame.timestamp_ms)
        ways = trails(bodies, placed, frame.timestamp_ms)
        yield frame, annotate(frame.image(size), placed, seen, ways)


def _encode(
    output: OutputContainer, clock: Clock, frames: Iterator[tuple[DecodedFrame, Image]]
) -> Iterator[int]:
    """Encode frames; yield how many are done, after each."""
    stream = None
    for count, (frame, image) in enumerate(frames, start=1):
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        stream = stream or _add_stream(output, clock, frame, even)
        output.mux(stream.encode(_picture(frame, even, clock)))
        yield count
    if stream is None:
        raise DamagedVideo
    output.mux(stream.encode())


def _add_stream(
    output: OutputContainer, clock: Clock, frame: DecodedFrame, image: Image
) -> VideoStream:
    stream = cast("VideoStream", output.add_stream(CODEC, clock.rate, options=ENCODER_OPTIONS))
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = PIXEL_FORMAT
    context = stream.codec_context
    context.time_base = clock.time_base
    # The same meaning of the same numbers, so that colours come out as they went in.
    context.colorspace = frame.picture.colorspace
    context.color_primaries = frame.picture.color_primaries
    context.color_trc = frame.picture.color_trc
    context.color_range = ColorRange.MPEG
    return stream


def _picture(frame: DecodedFrame, image: Image, clock: Clock) -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(image, "bgr24").reformat(
        format=PIXEL_FORMAT,
        dst_colorspace=frame.picture.colorspace,
        dst_color_range=ColorRange.MPEG,
        # Rounded, not cut off: otherwise all colours get a little darker.
        interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND,
    )
    picture.time_base = clock.time_base
    picture.pts = frame.pts - clock.zero_pts
    picture.duration = frame.duration
    return picture
