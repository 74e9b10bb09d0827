"""The command line: every way in, each a command.

passerby serve      the service: API and worker; or recorded results, for tests
passerby worker     a worker alone
passerby track      one video, without a server
passerby link       the tracking half alone: detections in, tracks out
passerby eval       tracks against truth
passerby jobs       what the service is doing: `cli/jobs.py`
passerby keys       who may call it: `cli/keys.py`
passerby backup     all that cannot be computed anew: `cli/backup.py`
passerby export     a result in other forms: `cli/export.py`
passerby report     who was where, how long, and went which way: `cli/report.py`
"""

import json
import math
import re
import shutil
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from passerby import logs, settings
from passerby.cli import backup, export, jobs, keys, report, terminal
from passerby.cli.options import (
    AsJson,
    Buckets,
    Config,
    Data,
    Device,
    Engine,
    FaceAttributes,
    LogFormat,
    RayAddress,
    Runtime,
    opened,
    settings_of,
)
from passerby.errors import PasserbyError

# Frames analysed per second unless asked otherwise: the service's own rate.
USUAL_RATE = 15.0

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(backup.app)
app.add_typer(export.app)
app.add_typer(report.app)


def main() -> None:
    """Run the command line; whatever fails in the world ends it with one line."""
    try:
        app()
    except PasserbyError as error:
        _refuse(str(error))
    except OSError as error:
        # A file or folder named on the command line, or a full disk.
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _print_version(asked: bool) -> None:  # noqa: FBT001 - called by typer
    if asked:
        print(f"passerby {version('passerby')}")
        raise typer.Exit


@app.callback()
def before_any_command(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it and end."),
    ] = False,
) -> None:
    """Paths of people through stored video."""


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8420")
    ] = None,
    data: Data = None,
    buckets: Buckets = None,
    config: Config = None,
    runtime: Runtime = None,
    device: Device = None,
    engine: Engine = None,
    ray_address: RayAddress = None,
    face_attributes: FaceAttributes = None,
    log_format: LogFormat = None,
    worker: Annotated[bool, typer.Option(help="Work off the jobs as well.")] = True,
    replay: Annotated[
        Path | None,
        typer.Option(help="For tests: answer the results recorded in this folder, at once."),
    ] = None,
) -> None:
    """Serve the AWS API, and work off the jobs."""
    chosen = settings_of(
        config,
        host=host,
        port=port,
        data=data,
        buckets=buckets,
        runtime=runtime,
        device=device,
        engine=engine,
        ray_address=ray_address,
        face_attributes=face_attributes,
        log_format=log_format,
    )
    logs.configure(chosen.log_format, chosen.log_level)
    if replay is not None:
        from passerby.bootstrap import stub_service  # noqa: PLC0415

        stub_service.serve(chosen, replay)
        return
    from passerby.bootstrap import service  # noqa: PLC0415

    service.serve(opened(chosen), with_worker=worker)


@app.command()
def worker(
    data: Data = None,
    buckets: Buckets = None,
    config: Config = None,
    runtime: Runtime = None,
    device: Device = None,
    engine: Engine = None,
    ray_address: RayAddress = None,
    face_attributes: FaceAttributes = None,
    log_format: LogFormat = None,
    with_parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Work off the jobs of a data folder, beside or without a server."""
    from passerby.bootstrap import worker as worker_process  # noqa: PLC0415

    chosen = settings_of(
        config,
        data=data,
        buckets=buckets,
        runtime=runtime,
        device=device,
        engine=engine,
        ray_address=ray_address,
        face_attributes=face_attributes,
        log_format=log_format,
    )
    logs.configure(chosen.log_format, chosen.log_level)
    worker_process.work(opened(chosen), with_parent)


@app.command()
def track(
    video: Annotated[Path, typer.Argument(help="Video file.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    rate: Annotated[
        str, typer.Option(help="Frames analysed per second, or 'all'.", metavar="RATE")
    ] = f"{USUAL_RATE:g}",
    annotate: Annotated[bool, typer.Option("--annotate", help="Write a marked copy, too.")] = False,
    runtime: Runtime = None,
    device: Device = None,
    processes: Annotated[
        int | None,
        typer.Option(help="Shards analysed at a time.", show_default="one a core", min=1),
    ] = None,
    engine: Engine = None,
    ray_address: RayAddress = None,
    face_attributes: FaceAttributes = None,
) -> None:
    """Follow the people in one video; write text, Parquet, JSON and, if asked for, a video."""
    from passerby.bootstrap.engine import build_executor  # noqa: PLC0415
    from passerby.bootstrap.single_file import track_file, write_results  # noqa: PLC0415
    from passerby.films.overlay import write_overlay  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415

    options = Options(
        rate=_rate(rate),
        runtime=runtime or "auto",
        device=device or "cpu",
        with_faces=face_attributes != "none",
    )
    flags = {"engine": engine, "ray_address": ray_address, "processes": processes, "device": device}
    chosen = settings.load(environment={}, flags=flags)
    marked = out / f"{video.stem}.mp4"
    if annotate and marked.exists() and marked.samefile(video):
        raise typer.BadParameter(f"the marked copy would replace {video}: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    # Observations stay until the end, so that a killed run is taken up where it was.
    observations = out / f".{video.stem}.observations"
    with terminal.bar(video.name) as tell:
        executor = build_executor(chosen)
        analysis = track_file(video, options, executor, observations=observations, on_progress=tell)
    for complaint in analysis.warnings:
        terminal.notes.print(complaint, style="yellow", markup=False, highlight=False)
    write_results(analysis, out, video.stem, all_of_faces=face_attributes == "all")
    if annotate:
        with terminal.frames_bar(marked.name, analysis.frame_count) as tell_frames:
            write_overlay(str(video), analysis.sightings, marked, tell_frames)
    shutil.rmtree(observations)
    terminal.out.print(terminal.persons_table(analysis.sightings))


@app.command()
def link(
    detections: Annotated[Path, typer.Argument(help="MOTChallenge detection file.")],
    fps: Annotated[float, typer.Option(help="Its frames per second.", min=0.01)],
    size: Annotated[str, typer.Option(help="Of a frame, pixels.", metavar="WxH")],
    out: Annotated[Path, typer.Option(help="MOTChallenge track file to write.")],
) -> None:
    """Link given detections into tracks; no pixels needed."""
    from passerby.motfile import read_detections, write_tracks  # noqa: PLC0415
    from passerby.pathing import link as linking  # noqa: PLC0415

    width, height = _size(size)
    observed = read_detections(detections).as_observations(fps)
    write_tracks(out, linking.link_boxes(observed, width, height))


@app.command("eval")
def evaluate(
    truth: Annotated[Path, typer.Argument(help="Folder in MOTChallenge layout, or a file.")],
    results: Annotated[Path, typer.Argument(help="Folder of track files, or a file.")],
    analysed_only: Annotated[
        bool, typer.Option("--analysed-only", help="Count only the frames of the 15 Hz grid.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score tracks against truth: HOTA, IDF1, MOTA, and why each switch happened."""
    from passerby.evaluation.grid import analysed_frames  # noqa: PLC0415
    from passerby.evaluation.report import evaluate as score  # noqa: PLC0415

    analysed = analysed_frames(truth, results, USUAL_RATE) if analysed_only else None
    report = score(truth, results, analysed=analysed)
    if as_json:
        print(json.dumps(report.to_dict(), indent=2))
        return
    terminal.out.print(terminal.scores_table(report.rows()))
    terminal.out.print(terminal.causes_line(report.causes()))
    for name in report.without_results:
        terminal.notes.print(f"{name}: no results; scored as empty", style="yellow")


def _rate(text: str) -> Fraction | None:
    """Frames per second; None for all of them."""
    if text == "all":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < math.inf:
        raise typer.BadParameter(f"{text!r} is neither 'all' nor frames per second")
    return Fraction(rate)


def _size(text: str) -> tuple[int, int]:
    """Width and height from `1920x1080`."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a width and a height like 1920x1080")
    return int(match[1]), int(match[2])


def _refuse(message: str) -> NoReturn:
    terminal.notes.print(
        f"passerby: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    sys.exit(1)
