"""Tables and progress bars of the command line."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from passerby import records
from passerby.jobs.job import Job
from passerby.jobs.message import Delivery, DeliveryState
from passerby.logs import one_line, printable
from passerby.records import Sightings

if TYPE_CHECKING:
    from passerby.access.keys import AccessKeyEntry
    from passerby.evaluation.switches import Cause

# Digits of a job's id: among a million jobs, two rarely share the first 12.
SHORT_ID = 12


class _SafeConsole(Console):
    """Prints no control characters that stand in a text, as the name of a video may have some."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - rich's own
        """Print as `Console.print` does."""
        safe = (printable(each) if isinstance(each, str) else each for each in objects)
        super().print(*safe, **options)


class _SafeTable(Table):
    """A table whose cells are plain text: neither control characters nor markup of rich's."""

    def add_row(self, *cells: Any, **options: Any) -> None:  # noqa: ANN401 - rich's own
        """Add a row of texts."""
        super().add_row(*(Text(printable(str(cell))) for cell in cells), **options)


#: Results go to `out`; messages about them go to `notes`.
out = _SafeConsole()
notes = _SafeConsole(stderr=True)


# Signals that ask a program to end, without a word to it of Python's.
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class _EndedError(BaseException):
    """Raised where the program was when it was asked to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def tidied_up_when_ended() -> Iterator[None]:
    """Leave all blocks in order when the program is asked to end; it then ends of the signal.

    Commands that run on have handlers of their own.
    """

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise _EndedError(number)

    usual = [each for each in ENDING_SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        usual = []
    for number in usual:
        signal.signal(number, end)
    try:
        yield
    except _EndedError as ended:
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)


class _SpeedColumn(ProgressColumn):
    """Number of frames, and speed as a multiple of real time."""

    def render(self, task: Task) -> Text:
        """Render one cell."""
        frames, speed = task.fields["frames"], task.fields["speed"]
        return Text(f"{frames:,} frames, {speed:.1f} × real time" if speed else "", "cyan")


@contextmanager
def bar(title: str) -> Iterator[Callable[[records.Progress], None]]:
    """Show a progress bar while the block runs; it yields the callback for the progress."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        _SpeedColumn(),
        TimeRemainingColumn(),
    )
    title = escape(printable(title))
    with Progress(*columns, console=notes) as shown:
        task = shown.add_task(title, total=1.0, frames=0, speed=0.0)

        def show_progress(progress: records.Progress) -> None:
            shown.update(
                task,
                description=f"{title}: {progress.stage}",
                completed=progress.fraction,
                frames=progress.frames,
                speed=progress.speed,
            )

        yield show_progress
        shown.update(task, description=title, completed=1.0)


@contextmanager
def frames_bar(title: str, frame_count: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of frames while the block runs; it yields the callback for their number."""
    with Progress(console=notes) as shown:
        task = shown.add_task(escape(printable(title)), total=frame_count)
        yield lambda count: shown.update(task, completed=count)


def persons_table(sightings: Sightings) -> Table:
    """List the persons with their first and last time and their number of sightings."""
    table = _table("index", "first seen", "last seen", "sightings")
    for person in range(int(sightings.person_index.max(initial=-1)) + 1):
        times = sightings.timestamp_ms[sightings.person_index == person]
        table.add_row(str(person), _clock(times.min()), _clock(times.max()), f"{len(times):,}")
    return table


def jobs_table(jobs: Sequence[Job], deliveries: Mapping[str, Delivery]) -> Table:
    """List jobs; `deliveries` by job id."""
    table = _table("job", "state", "progress", "tag", "submitted", "told", "message")
    for job in jobs:
        table.add_row(
            short(job.id),
            job.state,
            f"{job.progress.fraction:.0%} {job.progress.stage}" if job.open else "",
            job.tag or "",
            _moment(job.created_at),
            _delivery_state(deliveries.get(job.id)).partition(" since ")[0],
            job.status_message or "",
        )
    return table


def job_table(job: Job, delivery: Delivery | None) -> Table:
    """Show all facts of one job, and of the notification about its end."""
    table = _table("", "")
    table.show_header = False
    facts = {
        "job": job.id,
        "account": job.account_id,
        "state": job.state,
        "video": one_line("/".join(str(job.source[part]) for part in ("bucket", "key"))),
        "tag": job.tag,
        "progress": f"{job.progress.fraction:.0%} {job.progress.stage}",
        "speed": f"{job.progress.speed:.1f} × real time" if job.progress.speed else None,
        "persons": job.counts and job.counts.persons,
        "sightings": job.counts and job.counts.sightings,
        "detector sizes": ", ".join(f"{width}x{height}" for width, height in job.input_sizes),
        "warnings": "\n".join(job.warnings),
        "message": job.status_message,
        "attempt": job.attempt,
        "submitted": _moment(job.created_at),
        "started": _moment(job.started_at),
        "ended": _moment(job.ended_at),
        "notification": _delivery_state(delivery),
        "notification error": delivery and delivery.last_error,
    }
    for name, value in facts.items():
        if value not in (None, ""):
            table.add_row(name, str(value))
    return table


def keys_table(keys: "Sequence[AccessKeyEntry]") -> Table:
    """List access keys, without their secrets."""
    table = _table("access key id", "account", "made", "ends", "only")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True  # ids are there to be copied
    for key in keys:
        rights = (*key.rights.operations, *key.rights.videos, *key.rights.topics)
        made, ends = _moment(key.created_at), _moment(key.expires_at)
        table.add_row(key.id, key.account_id, made, ends, " ".join(rights))
    return table


def scores_table(rows: Sequence[Mapping[str, str | int | float]]) -> Table:
    """List the scores of `passerby eval`, one row for each sequence."""
    names = ("sequence", "HOTA", "DetA", "AssA", "IDF1", "MOTA", "IDSW", "FP", "FN")
    table = _table(*names, "persons", "true")
    for row in rows:
        counts = (row["result_persons"], row["truth_persons"])
        table.add_row(*(_figure(row[name]) for name in names), *map(_figure, counts))
    return table


def causes_line(causes: "Mapping[Cause, int]") -> str:
    """Count the causes of identity switches, in one line."""
    counts = ", ".join(f"{count} {cause}" for cause, count in causes.items())
    return f"identity switches by cause: {counts}"


def short(job_id: str) -> str:
    """Shorten a job's id to the digits that distinguish it; the commands accept them."""
    return job_id[:SHORT_ID]


def _delivery_state(delivery: Delivery | None) -> str:
    """Describe the state of a notification in a few words."""
    if delivery is None:
        return ""
    if delivery.state is DeliveryState.PENDING and delivery.failing_since:
        return f"failing since {_moment(delivery.failing_since)}"
    return str(delivery.state)


def _table(*headings: str) -> Table:
    table = _SafeTable(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _figure(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _clock(timestamp_ms: int) -> str:
    minutes, milliseconds = divmod(int(timestamp_ms), 60_000)
    return f"{minutes}:{milliseconds / 1000:06.3f}"


def _moment(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""
