"""Conversion between a job and its row in the table `jobs`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping

from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.records import Progress, Sizes, Stage, VideoInfo

# A video can be damaged anew every second, for hours; the log has all of it.
WARNINGS_LIMIT = 100


def job_from_row(row: RowMapping) -> Job:
    """Read a row of the table `jobs`."""
    return Job(
        id=row["id"],
        account_id=row["account_id"],
        operation=row["operation"],
        request=row["request"],
        source=row["source"],
        tag=row["tag"],
        state=JobState(row["state"]),
        progress=_progress(row),
        status_message=row["status_message"],
        video=None if row["video"] is None else VideoInfo(**row["video"]),
        counts=None if row["persons"] is None else Counts(row["persons"], row["sightings"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        attempt=row["attempt"],
        input_sizes=tuple((width, height) for width, height in row["input_sizes"] or ()),
        warnings=tuple(row["warnings"] or ()),
    )


def _progress(row: RowMapping) -> Progress:
    # SQLite hands a whole number in a column of floats back as an integer.
    fraction, speed = float(row["fraction"]), float(row["speed"])
    return Progress(Stage(row["stage"]), fraction, row["frames"], speed)


def new_job_columns(new: NewJob, job_id: str, now: datetime) -> dict[str, object]:
    """Return the columns of a job that is submitted now."""
    return {
        "id": job_id,
        "account_id": new.account_id,
        "operation": new.operation,
        "request": new.request,
        "source": new.source,
        "tag": new.tag,
        "state": JobState.QUEUED,
        "attempt": 0,
        "attempts_without_progress": 0,
        "retries": 0,
        "finished_shards": 0,
        "cancel_requested": False,
        "created_at": now,
        **progress_columns(Progress()),
    }


def result_columns(
    video: VideoInfo, counts: Counts, warnings: Sequence[str], input_sizes: Sizes
) -> dict[str, object]:
    """Return the columns of what the analysis of a job found."""
    kept = list(warnings[:WARNINGS_LIMIT])
    if len(warnings) > WARNINGS_LIMIT:
        kept.append(f"And so on: {len(warnings)} such sentences are in the worker's log.")
    return {
        "video": asdict(video),
        "warnings": kept or None,
        "input_sizes": list(input_sizes) or None,
        **asdict(counts),
    }


def progress_columns(progress: Progress) -> dict[str, object]:
    """Return the columns of a job's progress.

    Finished shards are not among them: they are counted over all attempts.
    """
    return {
        "stage": progress.stage,
        "fraction": progress.fraction,
        "frames": progress.frames,
        "speed": progress.speed,
    }
