"""The scene of a report: a still, and over it zones, lines, heat and flow, as SVG."""

from base64 import b64encode
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from passerby.analytics.paths import Floats
from passerby.analytics.places import Line, Zone
from passerby.analytics.report import pictures
from passerby.analytics.report.markup import Markup, joined, tag
from passerby.analytics.report.path_report import Report
from passerby.analytics.report.pictures import Image

LAYERS = ("heat", "flow", "places")
HEAD = 0.35  # length of an arrow's head, as a share of the arrow
# Length of the arrow that shows which way is forward, as a share of the frame's width.
FORWARD = 0.04
# Shares of the frame: what names keep from its border, and where they are near it.
LABEL_MARGIN, NEAR_BORDER = 0.03, 0.2


def scene(report: Report, still: Image | None) -> Markup:
    """Draw it for a page that has its style, with a switch for each layer, without a script."""
    switches = [
        part
        for layer in LAYERS
        for part in (
            tag("input", type="checkbox", id=f"show-{layer}", class_="switch", checked=""),
            tag("label", layer.capitalize(), for_=f"show-{layer}"),
        )
    ]
    return tag("div", *switches, _drawing(report, *_layers(report, still)), class_="layers")


def scene_file(report: Report, still: Image | None) -> str:
    """Draw it as an SVG file that needs nothing else."""
    return _drawing(report, tag("style", style()), *_layers(report, still))


def style() -> Markup:
    """How the scene looks, as CSS."""
    return Markup((resources.files("passerby.analytics.report") / "scene.css").read_text("utf-8"))


def _drawing(report: Report, *layers: Markup) -> Markup:
    width, height = report.video.width, report.video.height
    return tag(
        "svg",
        *layers,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        style=f"--frame:{width}px",
        class_="scene",
        role="img",
        aria_label="The scene with zones, lines, time spent and directions of movement",
    )


def _layers(report: Report, still: Image | None) -> list[Markup]:
    """From the ground up."""
    width, height = report.video.width, report.video.height
    return [
        tag("rect", width=width, height=height, class_="ground"),
        _still(still, width, height),
        tag("g", _heat(report), class_="heat"),
        tag("g", _flow(report), class_="flow"),
        tag("g", *_places(report), class_="places"),
    ]


def _still(still: Image | None, width: int, height: int) -> Markup:
    if still is None:
        return Markup()
    return _image("jpeg", pictures.jpeg(still), width, height)


def _heat(report: Report) -> Markup:
    grid = report.heat_grid
    layer = pictures.png(pictures.heat_layer(report.heat))
    return _image("png", layer, grid.cells_across * grid.side, grid.rows * grid.side)


def _image(kind: str, content: bytes, width: float, height: float) -> Markup:
    address = f"data:image/{kind};base64,{b64encode(content).decode('ascii')}"
    return tag("image", href=address, width=width, height=height, preserveAspectRatio="none")


def _flow(report: Report) -> Markup:
    arrows = pictures.arrows(report.flow, report.flow_grid)
    ways = "".join(_arrow(arrow) for arrow in arrows)
    return joined(tag("path", d=ways, class_="edge"), tag("path", d=ways))


def _arrow(arrow: Floats) -> str:
    """Path of a shaft and two barbs."""
    start, end = arrow[:2], arrow[2:]
    back = (start - end) * HEAD
    aside = np.array([-back[1], back[0]]) * 0.6
    return (
        f"M{_at(start)}L{_at(end)}M{_at(end + back + aside)}L{_at(end)}L{_at(end + back - aside)}"
    )


def _places(report: Report) -> list[Markup]:
    """Zones and lines, and over them their names, as far as they fit within the frame."""
    zones, lines = report.places.zones, report.places.lines
    extent = np.array([report.video.width, report.video.height])
    length = FORWARD * report.video.width
    middles = [(zone.points.min(axis=0) + zone.points.max(axis=0)) / 2 for zone in zones]
    # A third of its way, clear of the arrow.
    thirds = [(2 * line.start + line.end) / 3 for line in lines]
    names = [*(zone.name for zone in zones), *(line.name for line in lines)]
    labels = [
        _label(name, point / extent, extent)
        for name, point in zip(names, (*middles, *thirds), strict=True)
    ]
    return [*map(_zone, zones), *(_line(line, length) for line in lines), *labels]


def _label(words: str, place: Floats, extent: NDArray[np.int64]) -> Markup:
    """A name at a place, given in shares of the frame; near the border it runs inwards."""
    x, y = (np.clip(place, LABEL_MARGIN, 1 - LABEL_MARGIN) * extent).tolist()
    anchor = (
        "start" if place[0] < NEAR_BORDER else "end" if place[0] > 1 - NEAR_BORDER else "middle"
    )
    return tag("text", words, x=x, y=y, text_anchor=anchor)


def _zone(zone: Zone) -> Markup:
    corners = " ".join(_at(point) for point in zone.points)
    return tag("polygon", points=corners, class_="zone")


def _line(line: Line, length: float) -> Markup:
    """The line, and an arrow that leads forward."""
    way = line.end - line.start
    middle = (line.start + line.end) / 2
    forward = middle + np.array([-way[1], way[0]]) / np.linalg.norm(way) * length
    shape = f"M{_at(line.start)}L{_at(line.end)}" + _arrow(np.concatenate([middle, forward]))
    return joined(
        tag("path", d=shape, class_="line edge"),
        tag("path", d=shape, class_="line"),
    )


def _at(point: Floats) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
