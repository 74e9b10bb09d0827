"""Options that several commands share, and the settings that follow from them."""

import inspect
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from passerby import logs, settings
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.bootstrap.installation import Installation

# Frames analysed per second unless asked otherwise: the service's own rate.
DEFAULT_RATE = 15.0

Data = Annotated[
    Path | None,
    typer.Option(help="Folder of jobs, keys and results.", show_default="the platform's own"),
]
Buckets = Annotated[
    Path | None,
    typer.Option(help="Folder whose sub-folders are the buckets.", show_default="DATA/buckets"),
]
Config = Annotated[Path | None, typer.Option(help="TOML file of settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Runtime = Annotated[
    Literal["auto", "onnxruntime", "openvino"] | None,
    typer.Option(help="What computes the network.", show_default="auto"),
]
Device = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option(help="Where it is computed; cuda: on an NVIDIA GPU.", show_default="cpu"),
]
LogFormat = Annotated[
    Literal["text", "json"] | None,
    typer.Option(help="How the lines of the log read.", show_default="text"),
]
Engine = Annotated[
    Literal["local", "ray"] | None,
    typer.Option(
        help="What runs the shards: this machine, or a Ray cluster.", show_default="local"
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(help="HOST:PORT of the cluster's head.", show_default="127.0.0.1:6379"),
]
FaceAttributes = Annotated[
    Literal["none", "default", "all"] | None,
    typer.Option(
        help="What is told of a face; 'all': more landmarks, eyes, mouth, smile; 'none': "
        "faces are not looked for.",
        show_default="default",
    ),
]
Confidence = Annotated[
    float | None,
    typer.Option(
        help="What counts as evidence of a person, between 0 and 1: less for more persons, "
        "more for fewer. It means the same for every network.",
        show_default="0.5",
    ),
]
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--lenient",
        help="Leave out persons who may be none: who never move, as a poster, or were never "
        "seen well.",
        show_default="lenient",
    ),
]
MostLost = Annotated[
    float | None,
    typer.Option(
        help="Share of the frames that may be damaged or without a usable time, from 0 to 1; "
        "a video that lost more fails.",
        show_default="0.5",
    ),
]


@dataclass(frozen=True)
class AnalysisOptions:
    """Options of each command that analyses videos; None where one was not given."""

    config: Config = None
    runtime: Runtime = None
    device: Device = None
    engine: Engine = None
    ray_address: RayAddress = None
    face_attributes: FaceAttributes = None
    confidence: Confidence = None
    strict: Strict = None
    most_lost: MostLost = None
    log_format: LogFormat = None

    def settings(self, **flags: object) -> Settings:
        """Load the settings of a run, these options and `flags` over all else; set up the log."""
        shared = {name: value for name, value in asdict(self).items() if name != "config"}
        chosen = settings_of(self.config, **shared, **flags)
        logs.configure(chosen.log_format, chosen.log_level)
        return chosen


def with_analysis_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command each of the `AnalysisOptions` in place of its parameter `options`."""
    shared = inspect.signature(AnalysisOptions).parameters.values()
    names = {field.name for field in fields(AnalysisOptions)}

    @wraps(command)
    def run(**values: object) -> None:
        own = {name: value for name, value in values.items() if name not in names}
        given = {name: value for name, value in values.items() if name in names}
        command(options=AnalysisOptions(**given), **own)  # type: ignore[arg-type]

    signature = inspect.signature(command)
    parameters = [
        parameter.replace(kind=parameter.KEYWORD_ONLY)
        for own in signature.parameters.values()
        for parameter in (shared if own.name == "options" else (own,))
    ]
    # typer reads the options of a command from its signature.
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def settings_of(config: Path | None, **flags: object) -> Settings:
    """Load the settings of a run: file, environment and flags; a flag of None was not given."""
    return settings.load(config, flags=flags)


def open_installation(chosen: Settings) -> "Installation":
    """Open the data folder of these settings; make it if it is missing.

    Whatever this process and its children create from now on is for its user alone.
    """
    os.umask(0o077)
    # SQL takes a second to import; `track`, `link` and `eval` need none.
    from passerby.bootstrap import installation  # noqa: PLC0415

    return installation.open_installation(chosen)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, default=str))
