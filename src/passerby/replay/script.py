"""What a stand-in is told to do: when jobs end, which calls it refuses, who may call.

In patterns `*` stands for any text, slashes included. The same names stand in a TOML
file and in Python.
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
    """What holds for some videos, or for some jobs about them."""

    #: Pattern of `bucket/key`.
    video: str = "*"
    #: Pattern of the job's tag; a job without one has the tag "".
    tag: str = "*"

    def fits(self, video: str, tag: str | None) -> bool:
        """Whether it holds for a job with this tag about `video`, its bucket/key."""
        return fnmatchcase(video, self.video) and fnmatchcase(tag or "", self.tag)


class JobRule(_OfVideos, frozen=True, kw_only=True):
    """How jobs go; the first one that fits a job counts."""

    #: So many calls of GetPersonTracking find the job in progress …
    polls: Count = 0
    #: … and it lasts at least so long.
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    #: Why it fails, the `StatusMessage`; default: it succeeds if its recording does.
    failure: str | None = None


class FaultRule(_OfVideos, frozen=True, kw_only=True):
    """Which calls are refused; a call that one refuses is not seen by those after it."""

    #: Of the errors that the service model declares.
    code: str
    #: In place of the usual text.
    message: str | None = None
    #: Default: both.
    operation: Operation | None = None
    #: So many calls that fit pass first, then so many are refused; default: all.
    after: Count = 0
    times: Count | None = None

    def __post_init__(self) -> None:
        if self.code not in DECLARED:
            raise ValueError(f"no error {self.code!r}; there are {', '.join(DECLARED)}")


class KeyRule(_Table, frozen=True, kw_only=True):
    """A key that may call beside the usual one, and what for."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    secret: Annotated[str, msgspec.Meta(min_length=1)]
    session_token: str = ""
    account_id: Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")] = DEFAULT_ACCOUNT_ID
    #: As those of `passerby keys create`; empty: all.
    operations: tuple[Operation, ...] = ()
    videos: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class Script(_Table, frozen=True, kw_only=True):
    """All that can be told."""

    jobs: tuple[JobRule, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    #: Items of `Persons` on a page at most, whatever `MaxResults` asks for.
    page_rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    #: Open jobs an account may have (the service's own quota).
    open_jobs: Count = 20

    def job_rule(self, video: str, tag: str | None) -> JobRule:
        """How a job goes; one that no rule fits ends at once."""
        fitting = (rule for rule in self.jobs if rule.fits(video, tag))
        return next(fitting, JobRule())


def script_of(tables: Mapping[str, object]) -> Script:
    """Check what was told in Python; raises ValueError."""
    return msgspec.convert(tables, Script)


def script_from(file: Path) -> Script:
    """Read a TOML file; nothing is told where there is none.

    Raises
    ------
    FileFormatError
        If it is no TOML, or tells what is not known.
    """
    if not file.exists():
        return Script()
    try:
        return script_of(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise FileFormatError(f"The script {file} cannot be used: {error}") from error
