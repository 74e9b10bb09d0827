"""The command `passerby report`: stays, crossings, directions and speeds."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.cli import terminal
from passerby.cli.options import Config, Data, settings_of
from passerby.cli.targets import Force, check_targets, existing
from passerby.files import exclusive, made_folder, scratch_folder, sweep_drafts, write_atomically

if TYPE_CHECKING:
    from passerby.analytics.places import Places
    from passerby.analytics.report.pictures import Image
    from passerby.records import VideoInfo

app = typer.Typer()


@app.command()
def report(
    result: Annotated[
        str, typer.Argument(help="First digits of a job's id, or NAME.parquet of `track`.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report; made if missing.")],
    places: Annotated[
        Path | None, typer.Option(help="Zones, lines and floor: a TOML or JSON file.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="The video, for a picture of it.")] = None,
    force: Force = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Report on paths: zones, lines, heat, flow; a page, and tables beside it."""
    from passerby.analytics.places import Places, places_from_file  # noqa: PLC0415
    from passerby.analytics.report.path_report import compute_report  # noqa: PLC0415
    from passerby.analytics.report.report_files import PAGE_NAME, write_report  # noqa: PLC0415
    from passerby.bootstrap.analysis_result import open_result  # noqa: PLC0415

    counted_at = Places() if places is None else places_from_file(places)
    found = open_result(result, settings_of(config, data=data), video)
    read = [path for path in (found.table, places, video) if path]
    check = partial(_check, out, found.recording, read, replace=force)
    with made_folder(out):
        check()
        _warn_of_places_outside(counted_at, found.video)
        still = None if found.source is None else _middle_frame(found.source)
        made = compute_report(found.name, found.sightings, found.video, counted_at)
        if hint := made.summary.get("hint"):
            terminal.notes.print(hint, style="yellow", markup=False, highlight=False)
        with scratch_folder() as scratch:
            write_report(made, still, scratch)
            _publish(scratch, out, found.recording, check)
    terminal.out.print(str(out / PAGE_NAME), markup=False, highlight=False, soft_wrap=True)


def _check(out: Path, recording: str, read: list[Path], *, replace: bool) -> None:
    """Refuse files that are there, unless they are an earlier report on this recording."""
    from passerby.analytics.report.report_files import FILE_NAMES, PAGE_NAME  # noqa: PLC0415
    from passerby.bootstrap.provenance import page_made_from  # noqa: PLC0415

    targets = [out / name for name in FILE_NAMES]
    check_targets(
        targets,
        read,
        replace=replace,
        own=page_made_from(recording, out / PAGE_NAME, existing(targets)),
        reason="it is of no earlier report on this recording, or it was changed",
    )


def _publish(scratch: Path, out: Path, recording: str, check: Callable[[], None]) -> None:
    """Move the files of a report to where they belong."""
    from passerby.analytics.report.report_files import FILE_NAMES, PAGE_NAME  # noqa: PLC0415
    from passerby.bootstrap.provenance import stamp_page  # noqa: PLC0415

    stamp_page(scratch / PAGE_NAME, recording, [scratch / name for name in FILE_NAMES[1:]])
    with exclusive(out):
        check()
        sweep_drafts(out)
        for name in FILE_NAMES:
            write_atomically(out / name, (scratch / name).read_bytes())


def _middle_frame(source: str) -> "Image":
    """Decode the frame in the middle of a video."""
    from passerby.errors import DamagedVideo  # noqa: PLC0415
    from passerby.video.stills import stills  # noqa: PLC0415

    for frame in stills(source, 1):
        return frame.image()
    raise DamagedVideo


def _warn_of_places_outside(places: "Places", video: "VideoInfo") -> None:
    """Warn of places outside of the picture: mostly they are in other units."""
    named = [(zone.name, zone.points) for zone in places.zones]
    named += [(line.name, line.ends) for line in places.lines]
    for name, points in named:
        low, high = points.min(axis=0), points.max(axis=0)
        within = high[0] > 1 and high[1] > 1 and low[0] < video.width and low[1] < video.height
        if not within:
            terminal.notes.print(
                f"{name} lies outside of the picture of {video.width} x {video.height} pixels",
                style="yellow",
                markup=False,
                highlight=False,
            )
