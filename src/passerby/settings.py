"""Settings of a run, read once at start: from a file, the environment and flags.

The file is TOML, with the names of the fields. The environment spells them
`PASSERBY_<NAME>`, with lists and tables as JSON. Flags override the environment, and
that overrides the file. Only the command line reads settings; other parts receive values.
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


class S3Location(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Endpoint and credentials of an object store."""

    #: URL of an S3-compatible store; default: AWS itself.
    endpoint_url: Url | None = None
    #: Region of the buckets: one of AWS, or one that the store defines.
    region: str | None = None
    #: Whether the bucket is named in the path of the URL instead of the host name.
    path_style: bool = False
    #: Profile in the configuration files of boto3; default: boto3's usual search for credentials.
    profile: str | None = None


class S3Bucket(S3Location, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Location of one bucket; it takes nothing over from `[s3]`."""

    #: Name of the bucket in the store, if clients use another one.
    name: str | None = None


class S3(S3Location, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buckets in an object store: some by name, and all others."""

    #: Buckets with a location of their own, by the name that clients use.
    buckets: dict[str, S3Bucket] = {}

    @property
    def holds_others(self) -> bool:
        """Whether buckets without a table of their own are looked for here, too."""
        return bool(self.endpoint_url or self.region)


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A URL that receives the notifications for some topics instead of SNS."""

    #: Pattern of the ARNs of the topics; `*` stands for any text.
    topics: str
    #: URL to which the message is posted.
    url: Url
    #: Shared secret that signs the messages.
    secret: Annotated[str, msgspec.Meta(min_length=1)]
    #: Whether the body is the message alone (raw message delivery of SNS), without the envelope.
    raw: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one run; every field has a default that works on one machine."""

    #: Data folder: job database, key file, observations and results. Default: the folder
    #: of the platform for user data, on Linux `~/.local/share/passerby`.
    data: Path = Path(platformdirs.user_data_dir("passerby"))
    #: URL of the job database. PostgreSQL: `postgresql://user:password@host/name`. Default:
    #: SQLite in the data folder.
    database: str | None = None
    #: Folder whose sub-folders are the buckets. Default: `buckets` in the data folder.
    buckets: Path | None = None
    #: Address on which the server listens.
    host: str = "127.0.0.1"
    #: Port on which the server listens; 0 takes a free one.
    port: int = 8420
    #: PEM file of the TLS certificate; with `tls_key`, the server speaks TLS.
    tls_certificate: Path | None = None
    #: PEM file of the private key of the certificate.
    tls_key: Path | None = None
    #: Regions that a signature may name. Default: any.
    regions: tuple[str, ...] = ()
    #: Where the shards of a video are analysed: on this machine, or on a Ray cluster.
    engine: Literal["local", "ray"] = "local"
    #: Address of the head of the Ray cluster; this machine must be one of its nodes.
    ray_address: Annotated[str, msgspec.Meta(pattern=r"^\S+:\d+$")] = "127.0.0.1:6379"
    #: Ray resources that each shard needs in addition to one core. With the device `cuda`,
    #: a shard also needs one GPU unless `GPU` is named here.
    ray_resources: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = field(default_factory=dict)
    #: Where observations are kept: a folder that all machines share under this name, or
    #: `s3://bucket/prefix`. Default: `observations` in the data folder.
    observations: str | None = None
    #: Number of shards of one video analysed at a time, each in a process. Default: one
    #: for each core.
    processes: int | None = None
    #: Niceness of the workers and their processes, as with `nice -n`, so that the server
    #: answers while processors are busy. Disk priority follows it (ioprio_set(2)).
    worker_niceness: Annotated[int, msgspec.Meta(ge=0, le=19)] = 10
    #: Memory in MB that a process may take to analyse a shard before its job fails.
    process_memory_mb: Annotated[int, msgspec.Meta(ge=512)] = 4096
    #: Seconds without progress after which a process is stopped and its job fails.
    stall_seconds: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    #: Runtime of the neural networks; `auto` chooses the fastest on this machine.
    runtime: Literal["auto", "onnxruntime", "openvino"] = "auto"
    #: Device of the neural networks: the CPU, or with ONNX Runtime an NVIDIA GPU.
    device: Literal["cpu", "cuda"] = "cpu"
    #: Attributes of a face in a result. `default`: those of the service. `all`: also 25
    #: more landmarks, whether the eyes and the mouth are open, and whether the face smiles.
    #: `none`: faces are not detected at all, which saves a third of the time.
    face_attributes: Literal["none", "default", "all"] = "default"
    #: Number of open jobs that an account may have (the service's quota).
    open_jobs: int = 20
    #: Calls of StartPersonTracking per second that an account may make to each server
    #: process (the service's quota); 0: any number.
    starts_per_second: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    #: Calls of GetPersonTracking per second, likewise.
    gets_per_second: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    #: Object stores in which videos are looked for in addition to the folders.
    s3: S3 = field(default_factory=S3)
    #: Whether the server has the console under `/console`.
    console: bool = True
    #: Bucket that receives uploads from the console; "": uploads are off.
    upload_bucket: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Za-z][0-9A-Za-z._-]{2,62})?$")] = (
        "uploads"
    )
    #: Largest size of a video in bytes (the service's limit).
    max_video_bytes: Annotated[int, msgspec.Meta(gt=0)] = 10 * 1000**3
    #: Longest duration of a video in hours (the service's limit).
    max_video_hours: Annotated[float, msgspec.Meta(gt=0)] = 6.0
    #: Days for which results and client request tokens are kept (as the service did).
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = 7.0
    #: Hours for which a page token is valid (as in the service).
    page_token_hours: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    #: Whether the end of a job is published to SNS in AWS.
    sns: bool = False
    #: URL of an SNS-compatible service; with it, the end of a job is published there.
    sns_endpoint_url: Url | None = None
    #: Whether to publish with the rights of the role that the request names, from STS.
    assume_roles: bool = False
    #: URL of an STS-compatible service; with it, roles are assumed there.
    sts_endpoint_url: Url | None = None
    #: Webhooks that are called instead of SNS; the first that fits a topic counts.
    webhooks: tuple[WebhookSettings, ...] = ()
    #: Format of the log: lines of text, or one JSON object for each event.
    log_format: Literal["text", "json"] = "text"
    #: Lowest level of the events that are logged.
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: Whether a server that starts without any access key creates one and prints it. Turn
    #: it off where the output is stored.
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
        """URL of the job database."""
        return self.database or f"sqlite:///{self.data / 'passerby.db'}"

    @property
    def bucket_root(self) -> Path:
        """Folder whose sub-folders are the buckets."""
        return self.buckets or self.data / "buckets"

    @property
    def observations_folder(self) -> Path:
        """Folder on this machine for observations, or for copies of those on S3."""
        if self.observations is None or self.observations_on_s3:
            return self.data / "observations"
        return Path(self.observations).expanduser()

    @property
    def observations_on_s3(self) -> tuple[str, str] | None:
        """Bucket and key prefix of observations that are kept on S3; None otherwise."""
        bucket, _, prefix = (self.observations or "").removeprefix(S3_SCHEME).partition("/")
        if not (self.observations or "").startswith(S3_SCHEME):
            return None
        return bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""

    @property
    def ray_demands(self) -> dict[str, float]:
        """Ray resources that each shard needs in addition to one core."""
        return ({"GPU": 1.0} if self.device == "cuda" else {}) | self.ray_resources

    def environment(self) -> dict[str, str]:
        """Write the settings as the environment variables that `load` reads."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        given = {name: value for name, value in values.items() if value is not None}
        return {PREFIX + name.upper(): _to_text(value) for name, value in given.items()}


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
    return {
        names[key]: _from_text(key, environment[key]) for key in names.keys() & environment.keys()
    }


def _to_text(value: object) -> str:
    """Write a value for the environment: lists and tables as JSON."""
    tables = isinstance(value, msgspec.Struct | tuple | dict)
    return msgspec.json.encode(value).decode() if tables else str(value)


def _from_text(name: str, text: str) -> object:
    if not text.startswith(("{", "[{", '["', "[]")):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{name} is not JSON: {error}") from error


def _decode(kind: type, value: object) -> object:
    """Convert a path, the one type that msgspec does not know."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
