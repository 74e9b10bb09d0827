"""Settings of a run, read once at start: from a file, the environment and flags.

The file is TOML, with the names of the fields. The environment spells them
`PASSERBY_<NAME>`, with lists and tables as JSON. Flags override the environment, and
that overrides the file. Only the command line reads settings; other parts receive values.
"""

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
import platformdirs

from passerby.errors import SettingsError

PREFIX = "PASSERBY_"
S3_SCHEME = "s3://"

# Settings that no other process is handed.
_OF_THE_SERVER = {"forward_access_key_id", "forward_secret_access_key"}

_ORIGIN = r"\*|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@,*]+"
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


class Quotas(NamedTuple):
    """What an account may do at a time; 0: any number."""

    open_jobs: int = 0
    starts_per_second: float = 0.0
    gets_per_second: float = 0.0


# Developer guide, "Guidelines and quotas": the default quotas of most regions.
QUOTAS = {
    "none": Quotas(),
    "aws": Quotas(open_jobs=20, starts_per_second=5.0, gets_per_second=20.0),
}


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
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8420
    #: PEM file of the TLS certificate; with `tls_key`, the server speaks TLS.
    tls_certificate: Path | None = None
    #: PEM file of the private key of the certificate.
    tls_key: Path | None = None
    #: URL by which clients call the server, if a proxy in front of it changes the host or
    #: strips a prefix of the path. Signatures for it are accepted, too.
    public_url: Url | None = None
    #: Origins (`https://host:port`) whose pages may call the API from a browser; `*`: any.
    #: Default: none.
    cors_origins: tuple[str, ...] = ()
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
    #: for each CPU that the affinity and the quota (cgroup) of the process allow.
    processes: Annotated[int, msgspec.Meta(ge=1)] | None = None
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
    #: What counts as evidence of a person, above 0 and below 1: less for more persons, more for
    #: fewer. A detection of this confidence counts as one of 0.5 does by default.
    confidence: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5
    #: Whether persons are left out who may be none: who never move against the background, as
    #: a poster, or were never seen well. They are named in the warnings otherwise.
    strict: bool = False
    #: Share of a video's frames that may be damaged or without a usable time, in [0, 1]. The
    #: job of a video that lost more fails; less is told in its warnings.
    most_lost: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    #: Quotas of an account: `none`, or `aws` for those that the service had by default: 20
    #: open jobs, 5 Starts and 20 Gets per second. The next three settings replace one each.
    quotas: Literal["none", "aws"] = "none"
    #: Number of open jobs that an account may have; 0: any. Default: as `quotas` says.
    open_jobs: Annotated[int, msgspec.Meta(ge=0)] | None = None
    #: Calls of StartPersonTracking per second that an account may make to each server
    #: process; 0: any number. Default: as `quotas` says.
    starts_per_second: Annotated[float, msgspec.Meta(ge=0)] | None = None
    #: Calls of GetPersonTracking per second, likewise.
    gets_per_second: Annotated[float, msgspec.Meta(ge=0)] | None = None
    #: Whether operations other than the two of People Pathing are forwarded to AWS, or to
    #: `forward_endpoint_url`, with credentials of the server.
    forward_others: bool = False
    #: Operations that are forwarded, as patterns: `Detect*`. Default: any that the key allows.
    forward_operations: tuple[str, ...] = ()
    #: Region to which operations are forwarded. Default: that of the profile or environment.
    forward_region: str | None = None
    #: URL to which operations are forwarded. Default: AWS's own of the region.
    forward_endpoint_url: Url | None = None
    #: Profile in the configuration files of boto3; default: boto3's usual search for credentials.
    forward_profile: str | None = None
    #: Access key of AWS, instead of a profile; better kept in a profile.
    forward_access_key_id: str | None = None
    #: Its secret.
    forward_secret_access_key: str | None = field(default=None, repr=False)
    #: Object stores in which videos are looked for in addition to the folders.
    s3: S3 = field(default_factory=S3)
    #: Whether the server has the console under `/console`.
    console: bool = True
    #: Bucket that receives uploads from the console; "": uploads are off.
    upload_bucket: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Za-z][0-9A-Za-z._-]{2,62})?$")] = (
        "uploads"
    )
    #: Largest size of a video in bytes (the service's limit); 0: any.
    max_video_bytes: Annotated[int, msgspec.Meta(ge=0)] = 10 * 1000**3
    #: Longest duration of a video in hours (the service's limit); 0: any.
    max_video_hours: Annotated[float, msgspec.Meta(ge=0)] = 6.0
    #: Frames per second of raw H.264 and HEVC streams that do not tell theirs. Default: such
    #: a stream is refused.
    raw_fps: Annotated[float, msgspec.Meta(gt=0, le=1000)] | None = None
    #: Days for which results and client request tokens are kept (as the service did).
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = 7.0
    #: Days for which uploaded videos are kept; without it, until somebody deletes them.
    upload_retention_days: Annotated[float, msgspec.Meta(gt=0)] | None = None
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
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{each.name} must be a finite number, got {value}")
        if bool(self.forward_access_key_id) != bool(self.forward_secret_access_key):
            raise ValueError("forward_access_key_id and forward_secret_access_key need each other")
        if self.public_url is not None:
            _check_public_url(self.public_url)
        for origin in self.cors_origins:
            if not re.fullmatch(_ORIGIN, origin):
                raise ValueError(
                    f"cors_origins must be * or like https://host:port, with no path; got {origin}"
                )
        if self.device == "cuda" and self.runtime == "openvino":
            raise ValueError("runtime openvino computes on the CPU, and device is cuda")
        if self.observations_on_s3 and not self.observations_on_s3[0]:
            raise ValueError("observations on S3 need a bucket: s3://bucket/prefix")
        if self.upload_bucket in self.s3.buckets:
            raise ValueError("upload_bucket names a bucket on S3, and uploads go to a folder")

    @property
    def account_quotas(self) -> Quotas:
        """Quotas of an account: those of `quotas`, where no setting of its own replaces one."""
        own = {name: getattr(self, name) for name in Quotas._fields}
        given = {name: value for name, value in own.items() if value is not None}
        return QUOTAS[self.quotas]._replace(**given)

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
        """Write the settings as the environment variables that `load` reads.

        The credentials for forwarding are left out: only the server needs them.
        """
        names = {each.name for each in fields(self)} - _OF_THE_SERVER
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values = {name: value for name, value in values.items() if name in names}
        given = {name: value for name, value in values.items() if value is not None}
        return {PREFIX + name.upper(): _to_text(value) for name, value in given.items()}


def _check_public_url(url: str) -> None:
    """Check that a URL is no more than scheme, host, port and path; raises ValueError."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or set("@?#") & set(url):
        raise ValueError(f"public_url must be like https://host:port/path, got {url}")


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
