"""Good files in every shape: sizes, pixel formats, turns, many streams."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from passerby.errors import DamagedVideo, UnsupportedVideo
from passerby.testing import moving_boxes, write_clip

from .sample import Expected, Refused, Sample, Shows, Size, times

FRAMES = 10
SMALL = (64, 48)

SIZES: tuple[Size, ...] = (
    (1, 1), (1, 200), (200, 1), (2, 2), (3, 5), (15, 17), (17, 15), (63, 47), (65, 33),
    (127, 129), (321, 181), (1000, 2), (2, 1000), (1919, 1079),
)  # fmt: skip
PIXEL_FORMATS = {
    "libx264": (
        "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "nv16", "gray",
        "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray10le",
    ),
    "libx265": ("yuv420p", "yuv444p", "yuv420p10le", "yuv420p12le", "yuv444p12le", "gbrp"),
    "ffv1": (
        "yuv410p", "yuv411p", "yuv440p", "yuva420p", "yuva444p", "bgra", "rgb48le", "gray16le",
        "yuv420p16le", "yuva444p16le", "gbrap12le",
    ),
    "prores_ks": ("yuv422p10le", "yuv444p10le", "yuva444p10le"),
    "png": ("rgb24", "rgba", "rgb48be", "monob", "ya8"),
    "qtrle": ("rgb24", "argb", "rgb555be", "gray"),
    "libvpx-vp9": ("yuv420p", "yuva420p", "yuv444p"),
}  # fmt: skip
ENDINGS = {"ffv1": "mkv", "libvpx-vp9": "webm", "prores_ks": "mov", "png": "mov", "qtrle": "mov"}
TURNS = (-180, -90, -45, 0, 45, 90, 180)
LARGE: tuple[Size, ...] = ((3840, 2160), (7680, 4320))


def samples() -> Iterator[Sample]:
    """Files that are whole."""
    for size in SIZES:
        png = {"codec": "png", "pixel_format": "rgb24"}
        yield Sample(f"size-{size[0]}x{size[1]}.mov", partial(_sized, size, FRAMES, png))
    for size in SIZES[8:]:
        even = {"pixel_format": "yuv444p"}
        yield Sample(f"size-h264-{size[0]}x{size[1]}.mp4", partial(_sized, size, FRAMES, even))
    for size in LARGE:
        yield Sample(f"large-{size[0]}x{size[1]}.mp4", partial(_sized, size, 1, {}))
    for codec, formats in PIXEL_FORMATS.items():
        for pixel_format in formats:
            options = {"codec": codec, "pixel_format": pixel_format}
            name = f"pixels-{codec}-{pixel_format}.{ENDINGS.get(codec, 'mp4')}"
            yield Sample(name, partial(_sized, SMALL, FRAMES, options))
    yield from _turns_and_streams()


def _turns_and_streams() -> Iterator[Sample]:
    for degrees in TURNS:
        yield Sample(f"turned-{degrees}.mp4", partial(_turned, degrees))
    for codec in ("libx264", "mpeg2video", "ffv1"):
        yield Sample(f"interlaced-{codec}.mkv", partial(_interlaced, codec))
    for ending in ("mp4", "mkv", "ts", "avi", "flv"):
        yield Sample(f"one-frame.{ending}", partial(_sized, SMALL, 1, {}))
        yield Sample(f"three-frames.{ending}", partial(_sized, SMALL, 3, {}))
    for ending in ("mp4", "mkv", "ts", "avi"):
        yield Sample(f"no-frame.{ending}", _no_frame)
    for ending in ("mkv", "mp4", "ts"):
        yield Sample(f"streams-100.{ending}", partial(_many_streams, 100))


def _sized(size: Size, frames: int, options: Mapping[str, Any], path: Path) -> Expected:
    write_clip(path, moving_boxes(frames, size), **options)
    return Shows(frames, size, times(frames) if path.suffix in {".mp4", ".mov", ".mkv"} else None)


def _turned(degrees: int, path: Path) -> Expected:
    write_clip(path, moving_boxes(FRAMES, SMALL), rotation_degrees=degrees)
    return Shows(FRAMES, SMALL[::-1] if abs(degrees) == 90 else SMALL, times(FRAMES))


def _interlaced(codec: str, path: Path) -> Expected:
    options = {"libx264": {"x264-params": "tff=1"}, "mpeg2video": {"flags": "+ildct+ilme"}}
    pixels = {"libx264": {"flags": "+ildct+ilme"}}
    chosen = options.get(codec, {}) | pixels.get(codec, {})
    write_clip(path, moving_boxes(FRAMES, SMALL), codec=codec, codec_options=chosen)
    return Shows(FRAMES, SMALL, times(FRAMES))


def _no_frame(path: Path) -> Expected:
    """A container with a stream in which there is nothing."""
    with av.open(path, "w") as target:
        stream = target.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SMALL, "yuv420p"
        target.start_encoding()
    # An AVI says what the pictures would be, so it is one.
    return Refused(DamagedVideo if path.suffix == ".avi" else UnsupportedVideo)


def _many_streams(count: int, path: Path) -> Expected:
    """Two frames in each of many streams; the largest of them is the last."""
    sizes = [(16, 16)] * (count - 1) + [SMALL]
    with av.open(path, "w") as target:
        streams = [target.add_stream("mpeg4", rate=25) for _ in sizes]
        for stream, (width, height) in zip(streams, sizes, strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(2):
            for stream, (width, height) in zip(streams, sizes, strict=True):
                picture = np.full((height, width, 3), 100 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                target.mux(stream.encode(frame))
        for stream in streams:
            target.mux(stream.encode())
    return Shows(2, SMALL)
