"""What the page of one job works with; whoever builds it says who fills the seams."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from passerby.console.artifacts import Command, Making
from passerby.jobs.job import Job

Who = Literal["everybody", "faces", "all-but", "only"]


class Work(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be made of a job's video, or of its result."""

    kind: Literal["look", "preview", "portraits", "export"]
    format: str = ""  # of an export
    who: Who = "everybody"  # is blurred, where that is the format
    persons: tuple[int, ...] = ()  # whom "all-but" and "only" mean, ascending


@dataclass(frozen=True)
class ExportFormat:
    """A form in which a result can be had."""

    name: str
    title: str
    suffix: str  # of the file's name
    media_type: str
    needs_video: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be counted of a job's result."""

    what: Literal["heat", "counts", "summary"]
    places: object = None  # for the summary: zones and lines, as JSON has them


@dataclass(frozen=True)
class JobDesk:
    """The seams of one job's page."""

    formats: Callable[[], tuple[ExportFormat, ...]]
    # For what a page cannot do without and takes a moment: it does not wait for films.
    looking: Making
    command: Callable[[Job, Work], Command]  # makes it, for `Making`
    # JSON-ready; raises PlacesError where the places make no sense.
    reckon: Callable[[Job, Wanted], dict[str, Any]]
