"""All that can be set, read once at start: file, then environment, then flags.

The file is TOML, with the names of the fields; the environment spells them
`PASSERBY_<NAME>`, and a table as JSON. Later sources win. Only the command line
reads settings; every other part is given values.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from passerby.errors import SettingsError

PREFIX = "PASSERBY_"
S3_SCHEME = "s3://"

Url = Annotated[str, msgspec.Meta(pattern=r"^https?://\S+$")]


class S3Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where buckets lie that are no folders, and whose credentials open them."""

    #: Of an S3-compatible store; default: AWS itself.
    endpoint_url: Url | None = None
    #: Of AWS, or whatever the store calls its own.
    region: str | None = None
    #: Whether the bucket's name stands in the path, not in the host's name.
    path_style: bool = False
    #: Of boto3's configuration files; default: its whole chain of credentials.
    profile: str | None = None


class S3Bucket(S3Place, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one bucket lies; nothing is taken over from `S3`."""

    #: What it is called there, if that is another name.
    name: str | None = None


class S3(S3Place, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buckets that are no folders: some by name, and all others."""

    #: Those with a place of their own, by the name that clients use.
    buckets: dict[str, S3Bucket] = {}

    @property
    def holds_others(self) -> bool:
        """Whether a bucket without a table of its own is looked for here as well."""
        return bool(self.endpoint_url or self.region)


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A URL that is told of ended jobs in place of a topic."""

    #: ARNs of the topics; `*` stands for any text.
    topics: str
    #: What the message is posted to.
    url: Url
    #: Signs what is sent; the receiver knows it, too.
    secret: Annotated[str, msgspec.Meta(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Values of one run; every field has a default that works on one machine."""

    #: Folder of the job database, the key file, observations and results; default: the
    #: platform's own, on Linux `~/.local/share/passerby`.
    data: Path = Path(platformdirs.user_data_dir("passerby"))
    #: URL of the job database; default: SQLite in the data folder. PostgreSQL:
    #: `postgresql://user:password@host/name`.
    database: str | None = None
    #: Folder whose sub-folders are the buckets; default: `buckets` in the data folder.
    buckets: Path | None = None
    #: Where the server listens; port 0: any that is free.
    host: str = "127.0.0.1"
    port: int = 8420
    #: PEM files; with both, the server speaks TLS.
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    #: Regions that a signature may name; default: any.
    regions: tuple[str, ...] = ()
    #: What runs the shards of a video: this machine, or the machines of a Ray cluster.
    engine: Literal["local", "ray"] = "local"
    #: Head of the cluster; this machine must be one of its nodes.
    ray_address: Annotated[str, msgspec.Meta(pattern=r"^\S+:\d+$")] = "127.0.0.1:6379"
    #: What each shard asks of a node beside a core, by Ray's names of resources; with the
    #: device cuda also one GPU, unless it is named here.
    ray_resources: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = field(default_factory=dict)
    #: Where the machines that observe leave what they saw: a folder that all of them see
    #: under this name, or s3://bucket/prefix; default: `observations` in the data folder.
    observations: str | None = None
    #: Processes that observe shards of one video at a time; default: one a core.
    processes: int | None = None
    #: By how much workers and their processes stand back behind the server where processors
    #: are short, as with `nice -n` (their disk accesses follow: ioprio_set(2)).
    worker_niceness: Annotated[int, msgspec.Meta(ge=0, le=19)] = 10
    #: What a process that decodes may take before its job fails: memory, and time without
    #: any progress.
    process_memory_mb: Annotated[int, msgspec.Meta(ge=512)] = 4096
    stall_seconds: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    #: What computes the network; by itself it takes the fastest here.
    runtime: Literal["auto", "onnxruntime", "openvino"] = "auto"
    #: Where it is computed: on the CPU, or with ONNX Runtime on an NVIDIA GPU.
    device: Literal["cpu", "cuda"] = "cpu"
    #: What is told of a face: what the service gave by default, or also 25 more landmarks
    #: and whether the eyes and the mouth are open and it smiles; "none": faces are not
    #: looked for at all, which saves a third of the time.
    face_attributes: Literal["none", "default", "all"] = "default"
    #: Open jobs an account may have (the service's own quota).
    open_jobs: int = 20
    #: Calls an account may make of each operation, to each server process; 0: any
    #: number (the rates of the service's own quotas).
    starts_per_second: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    gets_per_second: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    #: Where videos are looked for beside the folders.
    s3: S3 = field(default_factory=S3)
    #: Whether people find pages under `/console` beside the API.
    console: bool = True
    #: Folder under the buckets that takes what is uploaded there; "": nothing can be.
    upload_bucket: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Za-z][0-9A-Za-z._-]{2,62})?$")] = (
        "uploads"
    )
    #: The longest video, bytes and hours (the service's own limits).
    max_video_bytes: Annotated[int, msgspec.Meta(gt=0)] = 10 * 1000**3
    max_video_hours: Annotated[float, msgspec.Meta(gt=0)] = 6.0
    #: How long results and client request tokens are kept (as the service did).
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = 7.0
    #: How long a page token leads to its page (as the service's did).
    page_token_hours: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    #: Whether ended jobs are told to SNS: AWS itself, or the endpoint.
    sns: bool = False
    sns_endpoint_url: Url | None = None
    #: Whether to publish with the rights of the role named in the request, from STS.
    assume_roles: bool = False
    sts_endpoint_url: Url | None = None
    #: Who is told in place of SNS; the first that fits a topic counts.
    webhooks: tuple[Webhook, ...] = ()
    #: How the lines of the log read, and from which level on there are any.
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: Whether the first server, where there is no access key, makes one and prints it;
    #: not wanted where all that is printed is kept.
    first_key: bool = True

    def __post_init__(self) -> None:
        if self.device == "cuda" and self.runtime == "openvino":
            raise ValueError("runtime openvino computes on the CPU, and device is cuda")
        if self.observations_on_s3 and not self.observations_on_s3[0]:
            raise ValueError("observations on S3 need a bucket: s3://bucket/prefix")
        if self.upload_bucket in self.s3.buckets:
            raise ValueError("upload_bucket names a bucket on S3, and uploads go to a folder")

    @property
    def database_url(self) -> str:
        """Where the job database is."""
        return self.database or f"sqlite:///{self.data / 'passerby.db'}"

    @property
    def bucket_root(self) -> Path:
        """Folder whose sub-folders are the buckets."""
        return self.buckets or self.data / "buckets"

    @property
    def observations_folder(self) -> Path:
        """Folder of this machine for observations: all of them, or copies of those on S3."""
        if self.observations is None or self.observations_on_s3:
            return self.data / "observations"
        return Path(self.observations).expanduser()

    @property
    def observations_on_s3(self) -> tuple[str, str] | None:
        """Bucket and beginning of the keys, if observations are kept on S3."""
        bucket, _, prefix = (self.observations or "").removeprefix(S3_SCHEME).partition("/")
        if not (self.observations or "").startswith(S3_SCHEME):
            return None
        return bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""

    @property
    def ray_demands(self) -> dict[str, float]:
        """What each shard asks of a node beside a core."""
        return ({"GPU": 1.0} if self.device == "cuda" else {}) | self.ray_resources

    def environment(self) -> dict[str, str]:
        """The same values under the names that `load` reads from an environment."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        given = {name: value for name, value in values.items() if value is not None}
        return {PREFIX + name.upper(): _spelled(value) for name, value in given.items()}


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
    return {names[key]: _parsed(key, environment[key]) for key in names.keys() & environment.keys()}


def _spelled(value: object) -> str:
    """A value as the environment has it: tables as JSON, anything else as it is."""
    tables = isinstance(value, msgspec.Struct | tuple | dict)
    return msgspec.json.encode(value).decode() if tables else str(value)


def _parsed(name: str, text: str) -> object:
    if not text.startswith(("{", "[{", '["', "[]")):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{name} is not JSON: {error}") from error


def _decode(kind: type, value: object) -> object:
    """Paths, the one type msgspec leaves to us."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
