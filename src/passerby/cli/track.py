"""`passerby track`: one video, analysed without a server."""

import math
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.cli import terminal
from passerby.cli.options import DEFAULT_RATE, AnalysisOptions, with_analysis_options
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.pathing.analysis import Analysis

app = typer.Typer()


@app.command()
@with_analysis_options
def track(
    video: Annotated[Path, typer.Argument(help="Video file.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    rate: Annotated[
        str, typer.Option(help="Frames analysed per second, or 'all'.", metavar="RATE")
    ] = f"{DEFAULT_RATE:g}",
    annotate: Annotated[bool, typer.Option("--annotate", help="Write a marked copy, too.")] = False,
    detections: Annotated[
        Path | None,
        typer.Option(help="Write the detections to this file, too, in MOTChallenge form."),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(help="Shards analysed at a time.", show_default="one a core", min=1),
    ] = None,
    *,
    options: AnalysisOptions,
) -> None:
    """Follow the people in one video; write text, Parquet, JSON and, if asked for, a video."""
    frames_per_second = _frames_per_second(rate)
    chosen = options.settings(processes=processes)
    marked_copy = out / f"{video.stem}.mp4"
    if annotate and marked_copy.exists() and marked_copy.samefile(video):
        raise typer.BadParameter(f"the marked copy would replace {video}: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    # Observations stay until the end, so that a killed run is taken up where it was.
    observations = out / f".{video.stem}.observations"
    analysis = _analyse(video, frames_per_second, chosen, observations, detections)
    _write(video, analysis, out, all_of_faces=chosen.face_attributes == "all")
    if annotate:
        _write_marked_copy(video, analysis, marked_copy)
    shutil.rmtree(observations)
    terminal.out.print(terminal.persons_table(analysis.sightings))
    _print_sizes(analysis)


def _analyse(
    video: Path,
    rate: Fraction | None,
    chosen: Settings,
    observations: Path,
    detections: Path | None,
) -> "Analysis":
    """Analyse the video under a progress bar, and print the warnings about it."""
    from passerby.bootstrap.engine import analysis_options, build_executor  # noqa: PLC0415
    from passerby.bootstrap.single_file import track_file  # noqa: PLC0415

    options = replace(analysis_options(chosen), rate=rate)
    with terminal.bar(video.name) as show_progress:
        analysis = track_file(
            video,
            options,
            build_executor(chosen),
            observations=observations,
            detections=detections,
            on_progress=show_progress,
        )
    for warning in analysis.warnings:
        terminal.notes.print(warning, style="yellow", markup=False, highlight=False)
    return analysis


def _print_sizes(analysis: "Analysis") -> None:
    from passerby.pathing.analysis import describe_sizes  # noqa: PLC0415

    sizes = describe_sizes(analysis.input_sizes)
    terminal.notes.print(f"Persons were detected {sizes}.", highlight=False)


def _write(video: Path, analysis: "Analysis", out: Path, *, all_of_faces: bool) -> None:
    """Write the text file, the table and the answer."""
    from passerby.bootstrap.single_file import write_results  # noqa: PLC0415

    write_results(analysis, out, video.stem, all_of_faces=all_of_faces)


def _write_marked_copy(video: Path, analysis: "Analysis", marked_copy: Path) -> None:
    """Write a copy of the video with the persons marked, under a progress bar."""
    from passerby.films.overlay import write_overlay  # noqa: PLC0415

    with terminal.frames_bar(marked_copy.name, analysis.frame_count) as show_frames:
        write_overlay(str(video), analysis.sightings, marked_copy, show_frames)


def _frames_per_second(text: str) -> Fraction | None:
    """Read `--rate`; None stands for every frame."""
    if text == "all":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < math.inf:
        raise typer.BadParameter(f"{text!r} is neither 'all' nor frames per second")
    return Fraction(rate)
