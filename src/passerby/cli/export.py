"""The command `passerby export`: a result as a file for other programs."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from passerby.cli import terminal
from passerby.cli.options import Config, Data, settings_of
from passerby.errors import VideoGone
from passerby.files import sweep_drafts

if TYPE_CHECKING:
    from passerby.bootstrap.analysis_result import AnalysisResult
    from passerby.exports.formats import Format
    from passerby.exports.source import Chunks
    from passerby.films.blur_selection import BlurSelection
    from passerby.settings import Settings

FormatName = Literal[
    "mot",
    "cvat",
    "coco",
    "label-studio",
    "csv",
    "parquet",
    "ndjson",
    "annotated",
    "blurred",
    "contact-sheets",
]
BlurTarget = Literal["everybody", "faces", "all-but", "only"]
Out = Annotated[
    Path | None,
    typer.Option(help="File to write; '-': standard output.", show_default="NAME and a suffix"),
]
Video = Annotated[
    Path | None, typer.Option(help="The video, where it is not where the job found it.")
]
Blur = Annotated[
    BlurTarget | None, typer.Option(help="Whom 'blurred' hides.", show_default="everybody")
]
Persons = Annotated[
    list[int] | None,
    typer.Option(help="Index of whom 'all-but' or 'only' means; may be repeated.", min=0),
]
KeyframeEvery = Annotated[
    int | None,
    typer.Option(help="Most frames between two keyframes of 'cvat'.", min=1, show_default="50"),
]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Look for people left in 'blurred'; status 3 if any may be."),
]
# Exit status where something may be left of people in a blurred film.
MAY_BE_LEFT = 3
STANDARD_OUTPUT = Path("-")

app = typer.Typer()


@app.command()
def export(
    result: Annotated[
        str,
        typer.Argument(help="First digits of a job's id, or a NAME.parquet of `passerby track`."),
    ],
    to: Annotated[FormatName, typer.Option(help="The form: see docs/exports.md.")],
    out: Out = None,
    video: Video = None,
    blur: Blur = None,
    person: Persons = None,
    keyframe_every: KeyframeEvery = None,
    verify: Verify = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Export a finished result to a file, or to standard output."""
    from passerby.bootstrap.analysis_result import open_result  # noqa: PLC0415

    form = _format(to, keyframe_every)
    if verify and form.name != "blurred":
        raise typer.BadParameter("--verify is for --to blurred")
    selection = _blur_selection(form, blur, person or [])
    chunks = form.chunks if out == STANDARD_OUTPUT else None
    if out == STANDARD_OUTPUT and chunks is None:
        raise typer.BadParameter(f"--to {form.name} cannot be written to standard output")
    settings = settings_of(config, data=data)
    found = open_result(result, settings, video)
    if chunks:
        _stream(found, chunks)
        return
    _check_video(found, form, selection)
    target = out or Path(found.name + form.suffix)
    _check_target(target, found, form, replace=force)
    _write(found, form, selection, target)
    if verify and _leftovers(found, selection, target, settings):
        raise typer.Exit(MAY_BE_LEFT)


def _format(name: FormatName, keyframe_every: int | None) -> "Format":
    from passerby.exports.formats import FORMATS, cvat_format  # noqa: PLC0415

    if keyframe_every is None:
        return FORMATS[name]
    if name != "cvat":
        raise typer.BadParameter("--keyframe-every is for --to cvat")
    return cvat_format(keyframe_every)


def _blur_selection(form: "Format", blur: BlurTarget | None, persons: list[int]) -> "BlurSelection":
    from passerby.films.blur_selection import BlurSelection  # noqa: PLC0415

    target = blur or "everybody"
    if blur and form.name != "blurred":
        raise typer.BadParameter("--blur is for --to blurred")
    if bool(persons) is not (target in ("all-but", "only")):
        raise typer.BadParameter(
            "--person goes with --blur all-but or --blur only, and they with it"
        )
    return BlurSelection(target, frozenset(persons))


def _check_video(result: "AnalysisResult", form: "Format", blur: "BlurSelection") -> None:
    """Refuse a format that needs the video where that is not at hand."""
    if not form.needs_video:
        return
    if result.source is None:
        raise VideoGone("The video is not at hand, or another by now: name a copy with --video.")
    # A mistyped index would leave somebody to be seen who was to be hidden.
    if strangers := blur.persons.difference(result.sightings.person_index.tolist()):
        raise typer.BadParameter(f"nobody in the result has the index {min(strangers)}")


def _check_target(target: Path, result: "AnalysisResult", form: "Format", *, replace: bool) -> None:
    """Refuse to overwrite a file without `--force`, and the exported file always."""
    from passerby.video.raw_streams import split_rated_source  # noqa: PLC0415

    if not target.exists() and not target.is_symlink():
        return
    if not replace:
        raise typer.BadParameter(f"{target} is there already; --force replaces it")
    read = [result.table]
    if form.needs_video and result.source:
        read.append(Path(split_rated_source(result.source)[0]))
    if any(path.exists() and target.exists() and target.samefile(path) for path in read):
        raise typer.BadParameter(f"{target} is what is exported: choose another --out")


def _write(result: "AnalysisResult", form: "Format", blur: "BlurSelection", target: Path) -> None:
    """Write the file under a progress bar, and print its name.

    What a killed export left beside it is deleted.
    """
    from passerby.exports.source import frame_count  # noqa: PLC0415

    sweep_drafts(target.parent)
    total = frame_count(result.video) if form.needs_video else result.row_count
    with terminal.frames_bar(target.name, total) as on_progress:
        remark = form.write(result, target, blur, on_progress)
        on_progress(total)
    if remark:
        terminal.notes.print(remark, style="yellow", markup=False, highlight=False)
    terminal.out.print(str(target), markup=False, highlight=False, soft_wrap=True)


def _leftovers(
    result: "AnalysisResult", blur: "BlurSelection", film: Path, settings: "Settings"
) -> bool:
    """Look for people in a blurred film, and list them; return whether there may be any."""
    from passerby.bootstrap.engine import analysis_options  # noqa: PLC0415
    from passerby.exports.source import frame_count  # noqa: PLC0415
    from passerby.films.verification import find_leftovers, open_lookers  # noqa: PLC0415

    lookers = open_lookers(analysis_options(settings))
    total = frame_count(result.video)
    with terminal.frames_bar(f"{film.name}: looking for people", total) as on_progress:
        left = find_leftovers(str(film), result.sightings, blur, result.video, lookers, on_progress)
        on_progress(total)
    for found in left:
        corners = ", ".join(f"{value:.0f}" for value in found.xyxy)
        terminal.out.print(
            f"{found.kind} from {found.from_ms / 1000:.3f} s to {found.to_ms / 1000:.3f} s "
            f"in {corners}: {found.confidence:.2f}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    words = f"{len(left)} may be left: look at them." if left else "Nobody seems to be left."
    terminal.notes.print(words, style="yellow" if left else "", markup=False, highlight=False)
    return bool(left)


def _stream(result: "AnalysisResult", chunks: "Chunks") -> None:
    with terminal.frames_bar(result.name, result.row_count) as on_progress:
        try:
            sys.stdout.buffer.writelines(chunks(result, on_progress))
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read it has enough: `| head`. Python itself must not try once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
