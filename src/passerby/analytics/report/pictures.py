"""Heat and flow as pictures, over a still of the video where there is one."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.analytics.flow import Flow
from passerby.analytics.grid import Grid
from passerby.analytics.paths import Floats

Image = NDArray[np.uint8]

WIDEST_STILL = 1280  # pixels; a report carries it along
JPEG_QUALITY = 80
GROUND = (52, 46, 44)  # BGR, where there is no still
STRONGEST = 0.85  # how much of the picture the hottest cell hides
# Arrows stand for the mean of at least so long; below, for one person's one step.
LEAST_SECONDS = 0.5
ARROW_COLOUR, ARROW_EDGE = (255, 255, 255), (0, 0, 0)  # BGR
LONGEST_ARROW = 0.9  # of a cell, for the speed that few cells exceed
FEW = 95  # percentile


def ground(still: Image | None, grid: Grid) -> Image:
    """Return the still, or a plain ground, in the frame's size: (height, width, 3) uint8, BGR."""
    size = (grid.height, grid.width, 3)
    return np.full(size, GROUND, np.uint8) if still is None else still.copy()


def heat_layer(heat: Floats) -> Image:
    """Colour a heat map: (rows, columns, 4) uint8, BGRA, with how much each cell hides.

    Both follow the root of the time, so that where somebody waited for minutes does not
    outshine all that others walked.
    """
    share = np.sqrt(heat / max(heat.max(initial=0), np.finfo(np.float64).tiny))
    grey = np.rint(share * 255).astype(np.uint8)
    colours = cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)
    hiding = np.rint(np.minimum(1, 2 * share) * STRONGEST * 255).astype(np.uint8)
    return np.dstack([colours, hiding]).astype(np.uint8)


def heat_picture(heat: Floats, grid: Grid, still: Image | None) -> Image:
    """Draw the heat map over the still: (height, width, 3) uint8, BGR."""
    picture = ground(still, grid).astype(np.float32)
    extent = (math.ceil(grid.cells_across * grid.side), math.ceil(grid.rows * grid.side))
    large = cv2.resize(heat_layer(heat), extent, interpolation=cv2.INTER_LINEAR)
    layer = large[: grid.height, : grid.width].astype(np.float32)
    hiding = layer[..., 3:] / 255
    return np.rint(picture * (1 - hiding) + layer[..., :3] * hiding).astype(np.uint8)


def arrows(flow: Flow, grid: Grid) -> Floats:
    """Compute arrows, (A, 4) from x, y to x, y in pixels, the longer the faster."""
    known = flow.seconds >= LEAST_SECONDS
    row, column = np.nonzero(known)
    velocity = flow.velocity[known]
    speed = np.linalg.norm(velocity, axis=1)
    usual = np.percentile(speed, FEW) if len(speed) else 0.0
    longest = LONGEST_ARROW * grid.side
    length = longest * np.minimum(1, speed / (usual or 1.0))
    shortened = (
        velocity * np.divide(length, speed, out=np.zeros(len(speed)), where=speed > 0)[:, None]
    )
    middle = np.stack([column + 0.5, row + 0.5], axis=1) * grid.side
    return np.concatenate([middle - shortened / 2, middle + shortened / 2], axis=1)


def flow_picture(flow: Flow, grid: Grid, still: Image | None) -> Image:
    """Draw the arrows over the still: (height, width, 3) uint8, BGR."""
    picture = ground(still, grid)
    thickness = max(1, round(grid.side / 14))
    for arrow in np.rint(arrows(flow, grid)).astype(int).tolist():
        start, end = tuple(arrow[:2]), tuple(arrow[2:])
        for colour, width in ((ARROW_EDGE, thickness + 2), (ARROW_COLOUR, thickness)):
            cv2.arrowedLine(picture, start, end, colour, width, cv2.LINE_AA, tipLength=0.35)
    return picture


def png(image: Image) -> bytes:
    """Encode a picture without loss."""
    return _encode(".png", image, [])


def jpeg(image: Image) -> bytes:
    """Encode a still, made smaller where it is larger than a page needs."""
    height, width = image.shape[:2]
    if width > WIDEST_STILL:
        size = (WIDEST_STILL, max(1, round(height * WIDEST_STILL / width)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _encode(suffix: str, image: Image, options: list[int]) -> bytes:
    written, content = cv2.imencode(suffix, image, options)
    if not written:
        raise ValueError(f"cannot be encoded as {suffix}: {image.shape} {image.dtype}")
    return content.tobytes()
