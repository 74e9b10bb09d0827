"""Small synthetic pictures, and the clips made of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TypedDict, Unpack, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

Image = NDArray[np.uint8]

# So long a preset is the difference between a test of a second and one of a minute.
QUICK = {
    "libx264": {"preset": "ultrafast", "crf": "18"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"},
}

# One blue, green and red value a box, far from each other and from the background.
BOX_COLOURS = ((40, 40, 230), (40, 220, 40), (230, 60, 40), (30, 220, 230), (220, 40, 220))


def moving_boxes(count: int, size: tuple[int, int] = (160, 120), boxes: int = 2) -> Iterator[Image]:
    """Paint rectangles that walk to and fro over a background with texture.

    Parameters
    ----------
    count : int
        Number of pictures.
    size : (width, height) in pixels
    boxes : int
        Number of rectangles, each as high as half of the picture and a third as
        wide as high; no two have the same speed.

    Yields
    ------
    (height, width, 3) uint8, BGR
        The same pictures in every run.
    """
    width, height = size
    background = texture(size)
    box_height, box_width = height // 2, height // 6
    for step in range(count):
        image = background.copy()
        for number in range(boxes):
            left = _bounce(step * (number + 2), width - box_width)
            top = number * height // (2 * boxes)
            colour = BOX_COLOURS[number % len(BOX_COLOURS)]
            image[top : top + box_height, left : left + box_width] = colour
        yield image


def texture(size: tuple[int, int], seed: int = 0, grain: int = 8) -> Image:
    """Make grey blocks of `grain` pixels: (height, width, 3) uint8 BGR, by seed."""
    width, height = size
    blocks = np.random.default_rng(seed).integers(
        60, 200, size=(height // grain + 1, width // grain + 1, 1), dtype=np.uint8
    )
    grey = np.kron(blocks, np.ones((grain, grain, 3), dtype=np.uint8))
    return np.ascontiguousarray(grey[:height, :width])


class ClipOptions(TypedDict, total=False):
    """The options of `write_clip`; each has a default."""

    rate: Fraction  # frames per second; 25
    timestamps_ms: Sequence[int] | None  # time of each frame, instead of a constant `rate`
    start_ms: int  # time of the first frame, milliseconds; 0
    codec: str  # FFmpeg's name of the encoder; "libx264"
    pixel_format: str  # FFmpeg's name of the stored pixel format; "yuv420p"
    gop: int  # greatest distance of key frames; 12
    b_frames: int  # in a row; 0
    rotation_degrees: int  # that a player turns the picture counter-clockwise; 0
    pixel_aspect: Fraction | None  # width of a stored pixel for a height of 1; not told
    codec_options: Mapping[str, str] | None  # more options of FFmpeg's encoder
    container_options: Mapping[str, str] | None  # more options of FFmpeg's muxer


_DEFAULTS: ClipOptions = {
    "rate": Fraction(25),
    "timestamps_ms": None,
    "start_ms": 0,
    "codec": "libx264",
    "pixel_format": "yuv420p",
    "gop": 12,
    "b_frames": 0,
    "rotation_degrees": 0,
    "pixel_aspect": None,
    "codec_options": None,
    "container_options": None,
}


def write_clip(path: Path, frames: Iterable[Image], **options: Unpack[ClipOptions]) -> Path:
    """Encode pictures as a video file; the file name's ending chooses the container.

    Parameters
    ----------
    path : Path
        File to write.
    frames : iterable of (height, width, 3) uint8 BGR pictures, at least one
        As they are stored, before any rotation.
    **options
        As in `ClipOptions`.

    Returns
    -------
    Path
        `path`.
    """
    chosen: ClipOptions = {**_DEFAULTS, **options}
    pictures = iter(frames)
    first = next(pictures)
    with av.open(path, "w", container_options=dict(chosen["container_options"] or {})) as output:
        stream = _add_stream(output, first, chosen)
        for number, picture in enumerate(chain([first], pictures)):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(_seconds(number, chosen) / frame.time_base)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def _add_stream(output: OutputContainer, first: Image, chosen: ClipOptions) -> VideoStream:
    codec, rate = chosen["codec"], chosen["rate"]
    options = QUICK.get(codec, {}) | dict(chosen["codec_options"] or {})
    stream = cast("VideoStream", output.add_stream(codec, rate=rate, options=options))
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = chosen["pixel_format"]
    stream.gop_size, stream.max_b_frames = chosen["gop"], chosen["b_frames"]
    stream.codec_context.time_base = Fraction(1, 1000) if chosen["timestamps_ms"] else 1 / rate
    if chosen["pixel_aspect"]:
        stream.codec_context.sample_aspect_ratio = chosen["pixel_aspect"]
    stream.set_display_rotation(chosen["rotation_degrees"])
    return stream


def _seconds(number: int, chosen: ClipOptions) -> Fraction:
    """Return the time of a frame."""
    times_ms = chosen["timestamps_ms"]
    time = Fraction(times_ms[number], 1000) if times_ms else number / chosen["rate"]
    return time + Fraction(chosen["start_ms"], 1000)


def write_sound(path: Path, duration_s: float = 0.5) -> Path:
    """Write an audio file without any picture: silence, 8 kHz mono."""
    samples = np.zeros((1, int(8000 * duration_s)), dtype=np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts = 8000, 0
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=8000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _bounce(distance: int, span: int) -> int:
    """Return the position in [0, span] of a walker that turns round at either end."""
    around = distance % (2 * span)
    return min(around, 2 * span - around)
