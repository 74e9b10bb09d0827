"""What several commands ask for alike, and what they do with it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from passerby import settings
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.bootstrap.installation import Installation

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


def settings_of(config: Path | None, **flags: object) -> Settings:
    """The settings of a run; a flag of None was not given."""
    return settings.load(config, flags=flags)


def installation_of(config: Path | None, data: Path | None) -> "Installation":
    """What is in the data folder; a name that was mistyped makes none."""
    from passerby.bootstrap.installation import find_installation  # noqa: PLC0415

    return find_installation(settings_of(config, data=data))


def opened(chosen: Settings) -> "Installation":
    """What is in the data folder that `chosen` names; it is made if it is missing."""
    # SQL takes a second to import; `track`, `link` and `eval` need none.
    from passerby.bootstrap.installation import open_installation  # noqa: PLC0415

    return open_installation(chosen)


def print_json(value: object) -> None:
    """Print for programs."""
    print(json.dumps(value, indent=2, default=str))
