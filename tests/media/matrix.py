"""Every codec in every container that PyAV writes here, as far as a passerby may meet it."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
from av.codec import Codec, codecs_available
from av.video.stream import VideoStream

from passerby.errors import DamagedVideo
from passerby.testing import moving_boxes

from .sample import CannotWriteError, Expected, Refused, Sample, Shows, Size

FRAMES = 6

# Container → ending; those of `video.container.CONTAINERS`.
TAKEN = {
    "mov": "mov",
    "mp4": "mp4",
    "3gp": "3gp",
    "3g2": "3g2",
    "ismv": "ismv",
    "f4v": "f4v",
    "ipod": "m4v",
    "psp": "psp.mp4",
    "matroska": "mkv",
    "webm": "webm",
    "avi": "avi",
    "mpegts": "ts",
    "mpeg": "mpg",
    "vob": "vob",
    "svcd": "svcd.mpg",
    "vcd": "vcd.mpg",
    "dvd": "dvd.mpg",
    "flv": "flv",
    "asf": "asf",
    "ogg": "ogg",
    "ogv": "ogv",
    "mxf": "mxf",
    "mxf_opatom": "opatom.mxf",
    "ivf": "ivf",
    "gif": "gif",
    "apng": "apng",
    "h264": "h264",
    "hevc": "hevc",
}
# Containers that are none, or are not needed by anybody who films people.
REFUSED = {
    "nut": "nut",
    "gxf": "gxf",
    "rm": "rm",
    "swf": "swf",
    "wtv": "wtv",
    "mjpeg": "mjpeg",
    "dv": "dv",
    "yuv4mpegpipe": "y4m",
    "webp": "webp",
    "m4v": "mp4v",
    "roq": "roq",
    "mpeg1video": "m1v",
    "mpeg2video": "m2v",
    "film_cpk": "cpk",
    "obu": "obu",
}
# Drivers of hardware, other names of the same encoder, and what writes no pictures.
OTHER_NAMES = {"h264", "hevc", "vp8", "vp9", "av1", "webp", "libwebp_anim", "vnull", "vbn"}
HARDWARE = ("_qsv", "_nvenc", "_amf", "_v4l2m2m")

# Streams of MPEG name no other codec; their muxer writes it all the same.
MPEG = {"mpegts", "mpeg", "vob", "svcd", "vcd", "dvd"}
MPEG_CODECS = {
    "libx264",
    "libx264rgb",
    "libx265",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
}
# Enough of the others.
FOREIGN_CODECS = {"ffv1", "mjpeg", "png", "prores_ks", "rawvideo", "wmv2"}
# FFmpeg's muxers store B-frames in these without the times at which they are shown.
WITHOUT_REORDERING = {"asf", "mxf", "mxf_opatom"}

# Of these FFmpeg's muxer writes what its own demuxer takes for another codec.
UNREADABLE = {("mov", "rawvideo")}

# FFmpeg's demuxer gives the last two frames the same time.
LAST_TWICE = {("asf", "mpeg2video")}

# Some codecs exist in some sizes only; the first that works is taken.
SIZES: tuple[Size, ...] = ((64, 48), (176, 144), (720, 576), (1280, 720))
GOP = 3


def samples() -> Iterator[Sample]:
    """Every pair; many of them cannot be written."""
    for container, ending in (TAKEN | REFUSED).items():
        for codec in encoders():
            if container in MPEG and codec not in MPEG_CODECS | FOREIGN_CODECS:
                continue
            yield Sample(f"{container}-{codec}.{ending}", partial(_written, container, codec))


def encoders() -> list[str]:
    """Names of the video encoders that need no hardware."""
    names = [name for name in sorted(codecs_available) if not name.endswith(HARDWARE)]
    return [name for name in names if name not in OTHER_NAMES and _encodes_video(name)]


def _encodes_video(name: str) -> bool:
    try:
        return Codec(name, "w").type == "video"
    except ValueError:
        return False


def _written(container: str, codec: str, path: Path) -> Expected:
    for size in SIZES:
        try:
            frames = _encode(path, container, codec, size)
        except (av.error.FFmpegError, ValueError, NotImplementedError):
            continue
        return _expected(container, codec, frames, size)
    raise CannotWriteError


def _expected(container: str, codec: str, frames: int, size: Size) -> Expected:
    if (container, codec) in UNREADABLE:
        return Refused(DamagedVideo)
    if container in REFUSED or (container in MPEG and codec not in MPEG_CODECS):
        return Refused()
    return Shows(frames - ((container, codec) in LAST_TWICE), size)


def _encode(path: Path, container: str, codec: str, size: Size) -> int:
    """Write a clip; how many frames it has."""
    packets = 0
    with av.open(path, "w", format=container) as target:
        stream = cast("VideoStream", target.add_stream(codec, rate=25))
        stream.width, stream.height = size
        stream.pix_fmt = _pixel_format(codec)
        stream.gop_size = GOP
        if container in WITHOUT_REORDERING:
            stream.max_b_frames = 0
        for number, picture in enumerate(moving_boxes(FRAMES, size)):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in stream.encode(frame):
                target.mux(packet)
                packets += 1
        for packet in stream.encode():
            target.mux(packet)
            packets += 1
    if not packets or not path.exists():
        raise NotImplementedError
    return packets


def _pixel_format(codec: str) -> str:
    names = [each.name for each in Codec(codec, "w").video_formats or []]
    return "yuv420p" if not names or "yuv420p" in names else names[0]
