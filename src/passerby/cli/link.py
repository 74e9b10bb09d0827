"""`passerby link`: the tracking half alone, without pixels."""

import re
from pathlib import Path
from typing import Annotated

import typer

from passerby.cli.targets import Force, check_targets
from passerby.files import atomic_file, sweep_drafts

app = typer.Typer()


@app.command()
def link(
    detections: Annotated[Path, typer.Argument(help="MOTChallenge detection file.")],
    fps: Annotated[float, typer.Option(help="Its frames per second.", min=0.01)],
    size: Annotated[str, typer.Option(help="Of a frame, pixels.", metavar="WxH")],
    out: Annotated[Path, typer.Option(help="MOTChallenge track file to write.")],
    force: Force = False,
) -> None:
    """Link given detections into tracks; no pixels needed."""
    from passerby.motfile import read_detections, write_tracks  # noqa: PLC0415
    from passerby.pathing.link import link_boxes  # noqa: PLC0415

    width, height = _width_and_height(size)
    check_targets([out], [detections], replace=force)
    observed = read_detections(detections).as_observations(fps)
    sweep_drafts(out.parent)
    with atomic_file(out) as draft:
        write_tracks(draft, link_boxes(observed, width, height))


def _width_and_height(text: str) -> tuple[int, int]:
    """Read `--size`, like `1920x1080`."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a width and a height like 1920x1080")
    return int(match[1]), int(match[2])
