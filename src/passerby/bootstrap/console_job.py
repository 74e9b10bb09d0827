"""The seams of one job's page in the console, filled."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from passerby.console.artifacts import Command, Making
from passerby.console.job_dependencies import ExportFormat, JobDesk, Wanted, Work
from passerby.errors import JobNotFound
from passerby.jobs.job import Job

if TYPE_CHECKING:
    from passerby.bootstrap.installation import Installation


def build_job_desk(installation: "Installation", looking: Making) -> JobDesk:
    """Put together what the page of one job works with."""
    return JobDesk(
        formats=_formats,
        looking=looking,
        command=_command,
        reckon=partial(_reckon, installation),
    )


@cache
def _formats() -> tuple[ExportFormat, ...]:
    # The writers are imported with the first page that offers them.
    from passerby.exports.formats import FORMATS  # noqa: PLC0415

    return tuple(
        ExportFormat(form.name, form.title, form.suffix, form.media_type, form.needs_video)
        for form in FORMATS.values()
    )


def _command(job: Job, work: Work) -> Command:
    spelled = msgspec.json.encode(work).decode()

    def command(target: Path) -> Sequence[str]:
        return "passerby.bootstrap.artifact_process", job.id, spelled, str(target)

    return command


def _reckon(installation: "Installation", job: Job, wanted: Wanted) -> dict[str, Any]:
    # Counting is imported with the first page that counts.
    from passerby.console.statistics import Question, reckon  # noqa: PLC0415

    if job.video is None:
        raise JobNotFound
    question = Question(
        table=str(installation.results.table(job.id)),
        what=wanted.what,
        width=job.video.width,
        height=job.video.height,
        duration_ms=job.video.duration_ms,
        places=wanted.places,
    )
    return reckon(question, installation.settings.worker_niceness)
