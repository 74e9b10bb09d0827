"""`passerby track`: one video, analysed without a server."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.cli import terminal
from passerby.cli.options import DEFAULT_RATE, AnalysisOptions, with_analysis_options
from passerby.cli.targets import Force, check_targets, existing
from passerby.files import (
    exclusive,
    flush,
    folder_in_use,
    is_in_use,
    made_folder,
    sweep_drafts,
)
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.bootstrap.recording import OpenRecording
    from passerby.pathing.analysis import Analysis

ENDINGS = ("txt", "json", "parquet")

Video = Annotated[str, typer.Argument(help="Video file, http(s) address, or s3://BUCKET/KEY.")]
Rate = Annotated[str, typer.Option(help="Frames analysed per second, or 'all'.", metavar="RATE")]
Detections = Annotated[
    Path | None,
    typer.Option(help="Write the detections to this file, too, in MOTChallenge form."),
]
Processes = Annotated[
    int | None, typer.Option(help="Shards analysed at a time.", show_default="one a CPU", min=1)
]
Fps = Annotated[
    str | None,
    typer.Option(
        help="Frames per second of a raw H.264 or HEVC stream.",
        show_default="what it tells",
        metavar="FPS",
    ),
]

app = typer.Typer()


@dataclass(frozen=True)
class Outputs:
    """Where the results of one recording go."""

    folder: Path
    stem: str
    detections: Path | None
    annotate: bool
    replace: bool

    @property
    def table(self) -> Path:
        """The Parquet file, which knows what the others were made from."""
        return self.folder / f"{self.stem}.parquet"

    @property
    def marked_copy(self) -> Path:
        """The video with the persons marked."""
        return self.folder / f"{self.stem}.mp4"

    @property
    def files(self) -> list[Path]:
        """All that will be written."""
        results = [self.folder / f"{self.stem}.{ending}" for ending in ENDINGS]
        asked_for = [self.marked_copy] * self.annotate
        return [*results, *asked_for, *([self.detections] if self.detections else [])]

    @property
    def observations(self) -> Path:
        """Folder of what is kept until the end, so that a killed run is taken up again."""
        return self.folder / f".{self.stem}.observations"


@app.command()
@with_analysis_options
def track(
    video: Video,
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    rate: Rate = f"{DEFAULT_RATE:g}",
    annotate: Annotated[bool, typer.Option("--annotate", help="Write a marked copy, too.")] = False,
    detections: Detections = None,
    processes: Processes = None,
    fps: Fps = None,
    force: Force = False,
    *,
    options: AnalysisOptions,
) -> None:
    """Follow the people in one video; write text, Parquet, JSON and, if asked for, a video."""
    from passerby.bootstrap.recording import open_recording  # noqa: PLC0415

    frames_per_second = None if rate == "all" else _rate(rate, "neither 'all' nor ")
    raw_fps = None if fps is None else _rate(fps, "not ")
    chosen = options.settings(processes=processes)
    with (
        made_folder(out),
        open_recording(
            video, chosen, out, fps=raw_fps, on_copy=_say_once_that_it_is_copied()
        ) as recording,
    ):
        outputs = Outputs(out, recording.stem, detections, annotate, force)
        analysis = _track(video, recording, outputs, frames_per_second, chosen)
    terminal.out.print(terminal.persons_table(analysis.sightings))
    _print_sizes(analysis)


@contextmanager
def _reserved(outputs: Outputs, recording: "OpenRecording", video: str) -> Iterator[Path]:
    """Refuse files that are there, and runs at work on others of the same name.

    Gives the folder of the observations, which the last run at work on the recording deletes.
    """
    own = outputs.observations / recording.identity
    try:
        with ExitStack() as stack:
            with exclusive(outputs.folder):
                sweep_drafts(outputs.folder)
                _check(outputs, recording, video)
                others = set(outputs.observations.glob("*")) - {own}
                if any(map(is_in_use, others)):
                    raise typer.BadParameter(
                        f"another run is writing {outputs.folder / outputs.stem}.* from another "
                        "recording: choose another --out"
                    )
                stack.enter_context(folder_in_use(own))
            yield own
    finally:
        with suppress(OSError):  # others are at work, or were killed
            outputs.observations.rmdir()


def _check(outputs: Outputs, recording: "OpenRecording", video: str) -> None:
    """Refuse files that are there, unless an earlier run made them from this recording."""
    from passerby.bootstrap.provenance import made_from  # noqa: PLC0415

    there = existing(outputs.files)
    check_targets(
        outputs.files,
        [Path(video)],
        replace=outputs.replace,
        own=made_from(recording.identity, outputs.table, there) if there else (),
        reason=f"`passerby track` did not make it from {recording.name}, or it was changed",
    )


def _track(
    video: str,
    recording: "OpenRecording",
    outputs: Outputs,
    rate: Fraction | None,
    chosen: Settings,
) -> "Analysis":
    """Analyse a recording and write all that is asked for."""
    from passerby.bootstrap.single_file import write_results  # noqa: PLC0415

    with _reserved(outputs, recording, video) as observations:
        # Runs at work on the same recording share the folder.
        detections = observations / f"{os.getpid()}-detections.txt"
        analysis = _analyse(
            recording, rate, chosen, observations, outputs.detections and detections
        )
        write_results(
            analysis,
            outputs.folder,
            outputs.stem,
            all_of_faces=chosen.face_attributes == "all",
            recording=recording.identity,
            drafts={outputs.detections: detections} if outputs.detections else None,
            check=partial(_check, outputs, recording, video),
        )
        if outputs.annotate:
            _write_marked_copy(recording, analysis, outputs.marked_copy, observations)
    return analysis


def _analyse(
    recording: "OpenRecording",
    rate: Fraction | None,
    chosen: Settings,
    observations: Path,
    detections: Path | None,
) -> "Analysis":
    """Analyse the video under a progress bar, and print the warnings about it."""
    from passerby.bootstrap.engine import analysis_options, build_executor  # noqa: PLC0415
    from passerby.bootstrap.single_file import track_source  # noqa: PLC0415

    options = replace(analysis_options(chosen), rate=rate)
    with terminal.bar(recording.name) as show_progress:
        analysis = track_source(
            recording.source,
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


def _write_marked_copy(
    recording: "OpenRecording", analysis: "Analysis", target: Path, folder: Path
) -> None:
    """Write a copy of the video with the persons marked, under a progress bar."""
    from passerby.bootstrap.provenance import stamp_film  # noqa: PLC0415
    from passerby.films.overlay import write_overlay  # noqa: PLC0415

    source = recording.source.location()
    film = folder / f"{os.getpid()}-{target.name}"
    with terminal.frames_bar(target.name, analysis.frame_count) as show_frames:
        write_overlay(source, analysis.sightings, film, show_frames)
    stamp_film(film, recording.identity)
    flush(film)
    film.replace(target)


def _say_once_that_it_is_copied() -> Callable[[], None]:
    """Return a function that says at its first call why it takes a while."""
    said: list[str] = []

    def say() -> None:
        if not said:
            said.append("Its server gives no parts of the video: it is copied first.")
            terminal.notes.print(said[0], highlight=False)

    return say


def _rate(text: str, otherwise: str) -> Fraction:
    """Read frames per second: 15, 29.97 or 30000/1001."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate < math.inf:
        raise typer.BadParameter(f"{text!r} is {otherwise}frames per second")
    return rate
