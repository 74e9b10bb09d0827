"""Scripts of a stub server: when jobs end, which calls are refused, who may call.

In patterns `*` stands for any text, slashes included. A TOML file and Python
use the same names.
"""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from passerby.access.accounts import DEFAULT_ACCOUNT_ID
from passerby.api.faults import DECLARED
from passerby.errors import FileFormatError

Operation = Literal["StartPersonTracking", "GetPersonTracking"]
Count = Annotated[int, msgspec.Meta(ge=0)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table whose names are all known."""


class _OfVideos(_Table, frozen=True, kw_only=True):
    """A rule for some videos, or for some jobs about them."""

    #: Pattern of `bucket/key`.
    video: str = "*"
    #: Pattern of the job's tag; a job without one has the tag "".
    tag: str = "*"

    def fits(self, video: str, tag: str | None) -> bool:
        """Whether the rule holds for a job with this tag about `video`, its bucket/key."""
        return fnmatchcase(video, self.video) and fnmatchcase(tag or "", self.tag)


class JobRule(_OfVideos, frozen=True, kw_only=True):
    """A rule for when and how jobs end; the first one that fits a job counts."""

    #: Number of calls of GetPersonTracking that find the job in progress.
    polls: Count = 0
    #: Least time for which the job is in progress.
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    #: `StatusMessage` of a job that fails, "" for a general one; default: it ends as its
    #: recording does.
    failure: str | None = None


class FaultRule(_OfVideos, frozen=True, kw_only=True):
    """A rule for calls to refuse; a call that one rule refuses is not seen by later ones."""

    #: Code of one of the errors that the service model declares.
    code: str
    #: Message of the error; default: the usual one.
    message: str | None = None
    #: Operation to refuse; default: both.
    operation: Operation | None = None
    #: Number of fitting calls that pass first.
    after: Count = 0
    #: Number of fitting calls that are refused after those; default: all.
    times: Count | None = None

    def __post_init__(self) -> None:
        if self.code not in DECLARED:
            raise ValueError(f"no error {self.code!r}; there are {', '.join(DECLARED)}")


class KeyRule(_Table, frozen=True, kw_only=True):
    """An access key in addition to the test key, and its rights."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    secret: Annotated[str, msgspec.Meta(min_length=1)]
    session_token: str = ""
    account_id: Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")] = DEFAULT_ACCOUNT_ID
    #: As those of `passerby keys create`; empty: all.
    operations: tuple[Operation, ...] = ()
    videos: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class Script(_Table, frozen=True, kw_only=True):
    """All rules of a stub server."""

    jobs: tuple[JobRule, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    #: Items of `Persons` on a page at most, whatever `MaxResults` asks for.
    page_rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    #: Open jobs an account may have; 0: any. Default: as the server's own settings say.
    open_jobs: Count | None = None

    def job_rule(self, video: str, tag: str | None) -> JobRule:
        """Find the rule for a job; one that no rule fits ends at once."""
        fitting = (rule for rule in self.jobs if rule.fits(video, tag))
        return next(fitting, JobRule())


def script_of(tables: Mapping[str, object]) -> Script:
    """Check the tables of a script given in Python; raises ValueError."""
    return msgspec.convert(tables, Script)


def script_from(file: Path) -> Script:
    """Read a script from a TOML file; it is empty where the file is missing.

    Raises
    ------
    FileFormatError
        If it is not TOML, or contains unknown names.
    """
    if not file.exists():
        return Script()
    try:
        return script_of(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise FileFormatError(f"The script {file} cannot be used: {error}") from error
