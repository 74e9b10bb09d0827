"""Draw what the detector sees of one street at each image size, by how tall people are.

    python -m benchmarks.near_and_far SEQUENCE [--figure FILE]

Every tenth frame of a sequence with truth is looked at in one size, as where people are
alike, and in the two sizes for near and far. A person is seen if a detection above 0.3
overlaps them with an IoU of 0.5 or more. Persons who are mostly hidden are left out where
the truth tells how much of them can be seen.
"""

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from benchmarks.footage import video_of
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.inference.session import Image
from passerby.motfile import MotRows, read_rows
from passerby.people.detector import Detector, open_detector, scaled
from passerby.people.input_size import choose, choose_all
from passerby.people.merging import merge
from passerby.records import Detections
from passerby.video.decode import decode

STEP = 10  # of so many frames one is looked at
SURE, MATCHING_IOU = 0.3, 0.5
LEAST_VISIBLE = 0.5
PEDESTRIAN = 1  # MOT16 (https://arxiv.org/abs/1603.00831, table 3)
BINS = 6

Size = tuple[int, int]

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 330, 60, 30, 190, 50
STYLE = """<style>
.ground{fill:#fff}.words{fill:#1c2733}.soft{fill:#4a5866}.row{stroke:#e3e8ec}
@media (prefers-color-scheme: dark){.ground{fill:#14191f}.words{fill:#e6ebf0}}
@media (prefers-color-scheme: dark){.soft{fill:#a9b4bf}.row{stroke:#2b343d}}
</style>"""
COLOURS = {"one size": "#6b7886", "larger": "#c2410c", "smaller": "#7c3aed", "merged": "#0b7fab"}


@dataclass(frozen=True)
class Seen:
    """Which of N true boxes were seen, at each of several settings."""

    heights: NDArray[np.float64]  # (N,) pixels of the frame
    by_setting: dict[str, NDArray[np.bool_]]  # name → (N,)


def main() -> None:
    """Print the table and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sequence", type=Path)
    parser.add_argument("--figure", type=Path, default=Path("docs/figures/near-and-far.svg"))
    arguments = parser.parse_args()
    seen = look(arguments.sequence)
    borders = np.quantile(seen.heights, np.linspace(0, 1, BINS + 1))
    rates = {
        name: _recalls(seen.heights, found, borders) for name, found in seen.by_setting.items()
    }
    for name, rate in rates.items():
        print(f"{name:24}", *(f"{each:5.1f}" for each in rate))
    middles = [float((low + high) / 2) for low, high in pairwise(borders)]
    arguments.figure.write_text(_figure(arguments.sequence.name, middles, rates))


def look(sequence: Path) -> Seen:
    """Look at a sequence in all sizes."""
    truth = _persons(read_rows(sequence / "gt" / "gt.txt"))
    frames = [frame for frame in decode(str(video_of(sequence))) if frame.index % STEP == 0]
    width, height = frames[0].size
    everybody = (truth.xyxy[:, 3] - truth.xyxy[:, 1]).astype(np.float64)
    one, several = choose(everybody, width, height), choose_all(everybody, width, height)
    detector = open_detector()
    heights: list[float] = []
    found: dict[str, list[bool]] = {}
    for frame in frames:
        here = truth.xyxy[truth.frame == frame.index + 1]
        heights += (here[:, 3] - here[:, 1]).tolist()
        alone = _look(detector, frame.image(one), (width, height))
        looks = [_look(detector, frame.image(size), (width, height)) for size in several]
        settings = {_name("one size", one): alone}
        for name, size, each in zip(("larger", "smaller"), several, looks, strict=False):
            settings[_name(name, size)] = each
        settings["merged"] = merge(looks, [size[1] / height for size in several])
        for name, detections in settings.items():
            found.setdefault(name, []).extend(_is_seen(detections, here))
    return Seen(np.array(heights), {name: np.array(flags) for name, flags in found.items()})


def _name(setting: str, size: Size) -> str:
    return f"{setting}, {size[0]}x{size[1]}"


def _persons(rows: MotRows) -> MotRows:
    """Rows of the persons of whom enough can be seen."""
    counts = rows.confidence != 0
    if rows.trailing.shape[1]:
        counts &= (rows.trailing[:, 0] == PEDESTRIAN) & (rows.trailing[:, 1] >= LEAST_VISIBLE)
    return rows.at(counts)


def _look(detector: Detector, image: Image, frame_size: Size) -> Detections:
    """Detections in pixels of the frame."""
    height, width = image.shape[:2]
    return scaled(detector.detect(image), (width, height), frame_size)


def _is_seen(detections: Detections, truth: NDArray[np.float64]) -> list[bool]:
    """Whether each true box is overlapped by a sure detection."""
    sure = detections.xyxy[detections.confidence >= SURE].astype(np.float64)
    if not len(sure):
        return [False] * len(truth)
    overlaps = iou(truth, sure).max(axis=1)
    seen: list[bool] = (overlaps >= MATCHING_IOU).tolist()
    return seen


def _recalls(
    heights: NDArray[np.float64], seen: NDArray[np.bool_], borders: NDArray[np.float64]
) -> list[float]:
    """Percent of the persons seen, for each range of heights."""
    which = np.clip(np.searchsorted(borders, heights, side="right") - 1, 0, len(borders) - 2)
    return [100 * float(seen[which == number].mean()) for number in range(len(borders) - 1)]


class _Plot:
    """Places of heights and rates in the figure."""

    def __init__(self, heights: list[float], least: float) -> None:
        self.heights, self.least = heights, least
        self._across = (WIDTH - LEFT - RIGHT) / float(np.log(heights[-1] / heights[0]))
        self._down = (HEIGHT - TOP - BOTTOM) / (100 - least)

    def x(self, height: float) -> int:
        return round(LEFT + float(np.log(height / self.heights[0])) * self._across)

    def y(self, rate: float) -> int:
        return round(TOP + (100 - rate) * self._down)

    def axes(self) -> list[str]:
        parts = []
        for level in np.arange(self.least, 101, 10):
            y, end = self.y(level), WIDTH - RIGHT
            parts.append(f'<path class="row" d="M{LEFT} {y} H{end}"/>')
            words = f'x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{level:.0f} %'
            parts.append(f'<text class="soft" {words}</text>')
        for height in self.heights:
            words = f'x="{self.x(height)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle"'
            parts.append(f'<text class="soft" {words}>{height:.0f}</text>')
        return parts

    def curve(self, setting: str, rate: list[float], number: int) -> list[str]:
        """Draw the line of a setting and the `number`-th line of the key."""
        colour = COLOURS[setting.partition(",")[0]]
        pairs = zip(self.heights, rate, strict=True)
        points = " ".join(f"{self.x(height)},{self.y(each)}" for height, each in pairs)
        thick = 3.5 if setting == "merged" else 1.8
        pen = f'fill="none" stroke="{colour}" stroke-width="{thick}"'
        place = f'x="{WIDTH - RIGHT + 12}" y="{TOP + 20 + 22 * number}" fill="{colour}"'
        return [f'<polyline points="{points}" {pen}/>', f"<text {place}>{setting}</text>"]


def _figure(name: str, heights: list[float], rates: dict[str, list[float]]) -> str:
    """Draw recall over height as SVG."""
    plot = _Plot(heights, 10 * float(np.floor(min(map(min, rates.values())) / 10)))
    parts = plot.axes()
    for number, (setting, rate) in enumerate(rates.items()):
        parts += plot.curve(setting, rate, number)
    title = f"Persons seen, by their height in the frame (pixels): {name}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{title}">'
    )
    words = f'<text class="words" x="{LEFT}" y="{HEIGHT - 8}">{title}</text>'
    ground = f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>'
    return "\n".join([head, STYLE, ground, words, *parts, "</svg>\n"])


if __name__ == "__main__":
    main()
