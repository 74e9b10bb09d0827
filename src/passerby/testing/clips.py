"""Footage that is not footage: small synthetic pictures, and the clips made of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
import numpy as np
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
            left = _to_and_fro(step * (number + 2), width - box_width)
            top = number * height // (2 * boxes)
            colour = BOX_COLOURS[number % len(BOX_COLOURS)]
            image[top : top + box_height, left : left + box_width] = colour
        yield image


def texture(size: tuple[int, int], seed: int = 0, grain: int = 8) -> Image:
    """(height, width, 3) uint8 BGR: grey blocks of `grain` pixels, different for each seed."""
    width, height = size
    blocks = np.random.default_rng(seed).integers(
        60, 200, size=(height // grain + 1, width // grain + 1, 1), dtype=np.uint8
    )
    grey = np.kron(blocks, np.ones((grain, grain, 3), dtype=np.uint8))
    return np.ascontiguousarray(grey[:height, :width])


def write_clip(
    path: Path,
    frames: Iterable[Image],
    *,
    rate: Fraction = Fraction(25),
    timestamps_ms: Sequence[int] | None = None,
    start_ms: int = 0,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    gop: int = 12,
    b_frames: int = 0,
    rotation_degrees: int = 0,
    pixel_aspect: Fraction | None = None,
    codec_options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """Encode pictures as a video file; the file name's ending chooses the container.

    Parameters
    ----------
    path : Path
        File to write.
    frames : iterable of (height, width, 3) uint8 BGR pictures, at least one
        As they are stored, before any rotation.
    rate : Fraction, frames per second
    timestamps_ms : sequence of int, optional
        Time of each frame (variable rate); instead of a constant `rate`.
    start_ms : int
        Time of the first frame, milliseconds.
    codec, pixel_format : str
        FFmpeg's names of the encoder and of the stored pixel format.
    gop, b_frames : int
        Greatest distance of key frames; B-frames in a row.
    rotation_degrees : int
        How far a player turns the picture counter-clockwise to show it upright.
    pixel_aspect : Fraction, optional
        Told as the width of a stored pixel for a height of 1.
    codec_options, container_options : mapping of str to str, optional
        Further options of FFmpeg's encoder and muxer.

    Returns
    -------
    Path
        `path`.
    """
    pictures = iter(frames)
    first = next(pictures)
    options = QUICK.get(codec, {}) | dict(codec_options or {})
    with av.open(path, "w", container_options=dict(container_options or {})) as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=options))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt, stream.gop_size, stream.max_b_frames = pixel_format, gop, b_frames
        stream.codec_context.time_base = Fraction(1, 1000) if timestamps_ms else 1 / rate
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        stream.set_display_rotation(rotation_degrees)
        for number, picture in enumerate(chain([first], pictures)):
            time = Fraction(timestamps_ms[number], 1000) if timestamps_ms else number / rate
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.time_base = stream.codec_context.time_base
            frame.pts = round((time + Fraction(start_ms, 1000)) / frame.time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


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


def _to_and_fro(distance: int, span: int) -> int:
    """Position in [0, span] of a walker that turns round at either end."""
    around = distance % (2 * span)
    return min(around, 2 * span - around)
