"""The scene of a report: a still, and over it zones, lines, heat and flow, as SVG."""

from base64 import b64encode
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.analytics.paths import Floats
from passerby.analytics.places import Line, Places
from passerby.analytics.report import pictures
from passerby.analytics.report.path_report import PathReport
from passerby.analytics.report.pictures import Image
from passerby.analytics.report.templates import render

HEAD = 0.35  # length of an arrow's head, as a share of the arrow
# Length of the arrow that shows which way is forward, as a share of the frame's width.
FORWARD = 0.04
# Shares of the frame: what names keep from its border, and where they are near it.
LABEL_MARGIN, NEAR_BORDER = 0.03, 0.2


@dataclass(frozen=True)
class Label:
    """The name of a zone or a line."""

    words: str
    x: float  # pixels
    y: float
    anchor: str  # SVG's `text-anchor`


@dataclass(frozen=True)
class Scene:
    """The layers of the scene, as its template draws them."""

    width: int  # of the frame, pixels
    height: int
    still: str | None  # data URL, as `heat`
    heat: str
    heat_width: float  # the last cells may reach beyond the frame
    heat_height: float
    flow: str  # SVG path
    zones: list[str]  # SVG polygons
    lines: list[str]  # SVG paths
    labels: list[Label]


def build_scene(report: PathReport, still: Image | None) -> Scene:
    """Draw the layers from what was counted, over a frame of the video if there is one."""
    width, height, grid = report.video.width, report.video.height, report.heat_grid
    places = report.places
    return Scene(
        width=width,
        height=height,
        still=None if still is None else _data_url("jpeg", pictures.jpeg(still)),
        heat=_data_url("png", pictures.png(pictures.heat_layer(report.heat))),
        heat_width=grid.cells_across * grid.side,
        heat_height=grid.rows * grid.side,
        flow="".join(map(_arrow, pictures.arrows(report.flow, report.flow_grid))),
        zones=[" ".join(map(_point, zone.points)) for zone in places.zones],
        lines=[_line(line, FORWARD * width) for line in places.lines],
        labels=_labels(places, np.array([width, height])),
    )


def scene_file(report: PathReport, still: Image | None) -> str:
    """Draw the scene as an SVG file that needs nothing else."""
    return render("scene.svg", scene=build_scene(report, still), standalone=True)


def _data_url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode('ascii')}"


def _arrow(arrow: Floats) -> str:
    """Draw the SVG path of a shaft and two barbs."""
    start, end = arrow[:2], arrow[2:]
    back = (start - end) * HEAD
    aside = np.array([-back[1], back[0]]) * 0.6
    shaft = f"M{_point(start)}L{_point(end)}"
    return f"{shaft}M{_point(end + back + aside)}L{_point(end)}L{_point(end + back - aside)}"


def _line(line: Line, length: float) -> str:
    """Draw the line, and an arrow that leads forward."""
    way = line.end - line.start
    middle = (line.start + line.end) / 2
    forward = middle + np.array([-way[1], way[0]]) / np.linalg.norm(way) * length
    arrow = _arrow(np.concatenate([middle, forward]))
    return f"M{_point(line.start)}L{_point(line.end)}{arrow}"


def _labels(places: Places, extent: NDArray[np.int64]) -> list[Label]:
    """Place the names of zones in their middle, and those of lines clear of the arrow."""
    middles = [
        (zone.name, (zone.points.min(axis=0) + zone.points.max(axis=0)) / 2)
        for zone in places.zones
    ]
    thirds = [(line.name, (2 * line.start + line.end) / 3) for line in places.lines]
    return [_label(name, point / extent, extent) for name, point in (*middles, *thirds)]


def _label(words: str, place: Floats, extent: NDArray[np.int64]) -> Label:
    """Place a name, given in shares of the frame; near the border it runs inwards."""
    x, y = (np.clip(place, LABEL_MARGIN, 1 - LABEL_MARGIN) * extent).tolist()
    anchor = (
        "start" if place[0] < NEAR_BORDER else "end" if place[0] > 1 - NEAR_BORDER else "middle"
    )
    return Label(words, x, y, anchor)


def _point(point: Floats) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
