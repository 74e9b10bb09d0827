"""Texts that pages show for values."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from passerby.jobs.job import Job, JobState
from passerby.records import Stage

_STATES = {
    JobState.QUEUED: "Waiting",
    JobState.RUNNING: "Running",
    JobState.SUCCEEDED: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
_STAGES = {
    Stage.QUEUED: "waiting for a worker",
    Stage.PLANNING: "reading the video",
    Stage.OBSERVING: "detecting people",
    Stage.LINKING: "linking their paths",
    Stage.SAVING: "saving the result",
}
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


def state_words(state: JobState) -> str:
    """Return a job's state in a word."""
    return _STATES[state]


def stage_words(job: Job) -> str:
    """Return the current stage of a job."""
    return _STAGES[job.progress.stage]


def duration(milliseconds: float) -> str:
    """Format a duration: `1:02:03`, `2:03`."""
    seconds = round(milliseconds / _THOUSAND)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def roughly(span: timedelta) -> str:
    """Format a duration in one unit: `20 s`, `5 min`, `3 h`."""
    seconds = span.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def size(count: int) -> str:
    """Format a number of bytes: `1.2 MB`, with a no-break space."""
    amount, unit = float(count), 0
    while amount >= _THOUSAND and unit < len(_UNITS) - 1:
        amount, unit = amount / _THOUSAND, unit + 1
    return f"{amount:.1f}".removesuffix(".0") + f"\N{NO-BREAK SPACE}{_UNITS[unit]}"


def when(moment: datetime) -> str:
    """Format a time in UTC; the browser shows it in its own time zone."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


FILTERS: dict[str, Callable[..., Any]] = {
    "state_words": state_words,
    "stage_words": stage_words,
    "duration": duration,
    "size": size,
    "when": when,
}
