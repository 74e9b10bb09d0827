"""All that can be set, read once at start: file, then environment, then flags.

The file is TOML, with the names of the fields; the environment spells them
`PASSERBY_<NAME>`. Later sources win. Only the command line reads settings; every
other part is given values.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import msgspec
import platformdirs

from passerby.errors import SettingsError

PREFIX = "PASSERBY_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Values of one run; every field has a default that works on one machine."""

    #: Folder of the job database, the key file, observations and results.
    data: Path = Path(platformdirs.user_data_dir("passerby"))
    #: Folder whose sub-folders are the buckets; default: `buckets` in the data folder.
    buckets: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8420
    #: Processes that observe shards of one video at a time; default: one a core.
    processes: int | None = None
    #: What computes the network; by itself it takes the fastest here.
    runtime: Literal["auto", "onnxruntime", "openvino"] = "auto"
    #: Open jobs an account may have (the service's own quota).
    open_jobs: int = 20

    @property
    def bucket_root(self) -> Path:
        """Folder whose sub-folders are the buckets."""
        return self.buckets or self.data / "buckets"

    def environment(self) -> dict[str, str]:
        """The same values under the names that `load` reads from an environment."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        given = {name: value for name, value in values.items() if value is not None}
        return {PREFIX + name.upper(): str(value) for name, value in given.items()}


def load(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """Join file, environment and flags; a flag of None was not given.

    Raises
    ------
    SettingsError
        For an unreadable file, an unknown name or a value of the wrong type.
    """
    values = _from_file(file) | _from_environment(environment)
    values |= {name: value for name, value in (flags or {}).items() if value is not None}
    unknown = values.keys() - {field.name for field in fields(Settings)}
    if unknown:
        raise SettingsError(f"There is no setting named {', '.join(sorted(unknown))}.")
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting cannot be used: {error}") from error


def _from_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {PREFIX + field.name.upper(): field.name for field in fields(Settings)}
    return {names[key]: value for key, value in environment.items() if key in names}


def _decode(kind: type, value: object) -> object:
    """Paths, the one type msgspec leaves to us."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
