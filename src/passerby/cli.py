"""The command line: every way in, each a command.

passerby serve      the service: API and worker
passerby worker     a worker alone
passerby track      one video, without a server
passerby link       the tracking half alone: detections in, tracks out
passerby eval       tracks against truth
passerby jobs       what the service is doing
passerby keys       who may call it
"""

import json
import logging
import math
import re
import shutil
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from passerby import settings, terminal
from passerby.errors import JobError, PasserbyError, SettingsError
from passerby.jobs.job import ACCOUNT_ID, DEFAULT_ACCOUNT_ID, Job, JobState
from passerby.jobs.message import Delivery
from passerby.jobs.rights import Rights
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.assembly import Installation


class Operation(StrEnum):
    """What a key can be limited to."""

    START = "StartPersonTracking"
    GET = "GetPersonTracking"


# Frames analysed per second unless asked otherwise: the service's own rate.
USUAL_RATE = 15.0
WATCH_SECONDS = 0.5

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Paths of people through stored video.",
)
jobs_app = typer.Typer(no_args_is_help=True, help="What the service is doing.")
keys_app = typer.Typer(no_args_is_help=True, help="Who may call the service.")
app.add_typer(jobs_app, name="jobs")
app.add_typer(keys_app, name="keys")

Data = Annotated[
    Path | None,
    typer.Option(help="Folder of jobs, keys and results.", show_default="the platform's own"),
]
Buckets = Annotated[
    Path | None,
    typer.Option(help="Folder whose sub-folders are the buckets.", show_default="DATA/buckets"),
]
Config = Annotated[Path | None, typer.Option(help="TOML file of settings.")]
Runtime = Annotated[
    Literal["auto", "onnxruntime", "openvino"] | None,
    typer.Option(help="What computes the network.", show_default="auto"),
]
FaceAttributes = Annotated[
    Literal["none", "default", "all"] | None,
    typer.Option(
        help="What is told of a face; 'all': more landmarks, eyes, mouth, smile; 'none': "
        "faces are not looked for.",
        show_default="default",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[str, typer.Argument(help="Its 64 digits, or the first of them.")]


def main() -> None:
    """Run the command line; whatever fails in the world ends it with one line."""
    try:
        app()
    except PasserbyError as error:
        _refuse(str(error))
    except OSError as error:
        # A file or folder named on the command line, or a full disk.
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))


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
    face_attributes: FaceAttributes = None,
    worker: Annotated[bool, typer.Option(help="Work off the jobs as well.")] = True,
) -> None:
    """Serve the AWS API, and work off the jobs."""
    from passerby import serving  # noqa: PLC0415

    chosen = _settings(
        config,
        host=host,
        port=port,
        data=data,
        buckets=buckets,
        runtime=runtime,
        face_attributes=face_attributes,
    )
    _log_to_stderr()
    serving.serve(_open(chosen), with_worker=worker)


@app.command()
def worker(
    data: Data = None,
    buckets: Buckets = None,
    config: Config = None,
    runtime: Runtime = None,
    face_attributes: FaceAttributes = None,
    with_parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Work off the jobs of a data folder, beside or without a server."""
    from passerby import serving  # noqa: PLC0415

    chosen = _settings(
        config, data=data, buckets=buckets, runtime=runtime, face_attributes=face_attributes
    )
    _log_to_stderr()
    serving.work(_open(chosen), with_parent)


@app.command()
def track(
    video: Annotated[Path, typer.Argument(help="Video file.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    rate: Annotated[
        str, typer.Option(help="Frames analysed per second, or 'all'.", metavar="RATE")
    ] = f"{USUAL_RATE:g}",
    annotate: Annotated[bool, typer.Option("--annotate", help="Write a marked copy, too.")] = False,
    runtime: Runtime = None,
    processes: Annotated[
        int | None,
        typer.Option(help="Shards analysed at a time.", show_default="one a core", min=1),
    ] = None,
    face_attributes: FaceAttributes = None,
) -> None:
    """Follow the people in one video; write text, Parquet, JSON and, if asked for, a video."""
    from passerby.exports.overlay import write_overlay  # noqa: PLC0415
    from passerby.single_file import track_file, write_results  # noqa: PLC0415

    frames_per_second = _rate(rate)
    marked = out / f"{video.stem}.mp4"
    if annotate and marked.exists() and marked.samefile(video):
        raise typer.BadParameter(f"the marked copy would replace {video}: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    # Observations stay until the end, so that a killed run is taken up where it was.
    observations = out / f".{video.stem}.observations"
    with terminal.bar(video.name) as tell:
        analysis = track_file(
            video,
            rate=frames_per_second,
            processes=processes,
            runtime=runtime or "auto",
            with_faces=face_attributes != "none",
            folder=observations,
            on_progress=tell,
        )
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


@jobs_app.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 50,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    installation = _installation(config, data)
    jobs = installation.jobs.recent(limit, state)
    deliveries = installation.outbox.deliveries([job.id for job in jobs])
    if as_json:
        _print_json([_job_facts(job, deliveries.get(job.id)) for job in jobs])
    else:
        terminal.out.print(terminal.jobs_table(jobs, deliveries))


@jobs_app.command("show")
def show_job(job: JobId, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that is known of a job."""
    installation = _installation(config, data)
    found = installation.jobs.starting_with(job)
    delivery = installation.outbox.deliveries([found.id]).get(found.id)
    if as_json:
        _print_json(_job_facts(found, delivery))
    else:
        terminal.out.print(terminal.job_table(found, delivery))


@jobs_app.command("watch")
def watch_job(job: JobId, data: Data = None, config: Config = None) -> None:
    """Follow a job until it ends; fails if the job does."""
    jobs = _installation(config, data).jobs
    found = jobs.starting_with(job)
    with terminal.bar(terminal.short(found.id)) as tell:
        while found.open:
            tell(found.progress)
            time.sleep(WATCH_SECONDS)
            found = jobs.find(found.id)
        tell(found.progress)
        if found.state is not JobState.SUCCEEDED:
            raise JobError(found.status_message)
    terminal.out.print(terminal.job_table(found, delivery=None))


@jobs_app.command("cancel")
def cancel_job(job: JobId, data: Data = None, config: Config = None) -> None:
    """End a job: at once while it waits, within seconds while it runs."""
    jobs = _installation(config, data).jobs
    found = jobs.cancel(jobs.starting_with(job).id)
    terminal.out.print("asked to stop" if found.open else str(found.state))


@keys_app.command("create")
def create_key(
    account: Annotated[str, typer.Option(help="Account id, 12 digits.")] = DEFAULT_ACCOUNT_ID,
    operation: Annotated[
        list[Operation] | None,
        typer.Option(help="Only this one; may be repeated.", show_default="both"),
    ] = None,
    videos: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these, as BUCKET/KEY; * stands for any text; may be repeated.",
            show_default="all",
            metavar="PATTERN",
        ),
    ] = None,
    topics: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these topic ARNs may be told; * stands for any text; may be repeated.",
            show_default="all",
            metavar="PATTERN",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            help="Temporary, with a session token: 15m, 12h, 7d.",
            show_default="never",
            metavar="TIME",
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an access key; its secret is shown this once."""
    from passerby import serving  # noqa: PLC0415

    if not ACCOUNT_ID.fullmatch(account):
        raise typer.BadParameter(f"{account!r} is not an account id of 12 digits")
    for pattern in videos or []:
        if "/" not in pattern and "*" not in pattern:
            raise typer.BadParameter(f"{pattern!r} fits no video; did you mean {pattern}/*?")
    rights = Rights(tuple(map(str, operation or ())), tuple(videos or ()), tuple(topics or ()))
    chosen = _settings(config, data=data)
    key = _open(chosen).keys.create(account, rights, None if expires is None else _time(expires))
    if as_json:
        _print_json(terminal.credentials(key))
    else:
        print(terminal.environment_lines(key, serving.endpoint(chosen)))


@keys_app.command("list")
def list_keys(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the access keys, without their secrets."""
    keys = _installation(config, data).keys.entries()
    if as_json:
        _print_json([asdict(key) for key in keys])
    else:
        terminal.out.print(terminal.keys_table(keys))


@keys_app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="Access key id.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """End an access key, everywhere within seconds."""
    if not _installation(config, data).keys.revoke(key):
        raise SettingsError(f"There is no access key {key}.")


def _settings(config: Path | None, **flags: object) -> Settings:
    return settings.load(config, flags=flags)


def _installation(config: Path | None, data: Path | None) -> "Installation":
    return _open(_settings(config, data=data))


def _open(chosen: Settings) -> "Installation":
    # SQL takes a second to import; `track`, `link` and `eval` need none.
    from passerby.assembly import open_installation  # noqa: PLC0415

    return open_installation(chosen)


def _rate(text: str) -> float | None:
    """Frames per second; None for all of them."""
    if text == "all":
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < math.inf:
        raise typer.BadParameter(f"{text!r} is neither 'all' nor frames per second")
    return rate


def _time(text: str) -> timedelta:
    """Length of time from `12h`."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a time like 15m, 12h or 7d")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _size(text: str) -> tuple[int, int]:
    """Width and height from `1920x1080`."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a width and a height like 1920x1080")
    return int(match[1]), int(match[2])


def _job_facts(job: Job, delivery: Delivery | None) -> dict[str, object]:
    return {**asdict(job), "notification": delivery and asdict(delivery)}


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, default=str))


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("alembic", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _refuse(message: str) -> NoReturn:
    terminal.notes.print(
        f"passerby: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    sys.exit(1)
