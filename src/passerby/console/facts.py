"""What is told of a job in the list, to the page and to its scripts alike."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from passerby.console import wording
from passerby.jobs.job import Job, JobState

# Before that much is done, or that much time has passed, nobody can say how long it takes.
FORESEEABLE_FRACTION = 0.05
FORESEEABLE_TIME = timedelta(seconds=3)


def facts(job: Job, now: datetime) -> Mapping[str, object]:
    """JSON-ready members; texts are "" where there is nothing to say.

    `fraction` is of the whole, in [0, 1]; `created_at` is ISO 8601.
    """
    return {
        "id": job.id,
        "bucket": job.source["bucket"],
        "key": job.source["key"],
        "tag": job.tag or "",
        "state": job.state,
        "words": wording.state_words(job.state),
        "open": job.open,
        "fraction": round(job.progress.fraction, 4),
        "detail": _detail(job, now),
        "found": _found(job),
        "created_at": job.created_at.isoformat(timespec="seconds"),
    }


def _detail(job: Job, now: datetime) -> str:
    match job.state:
        case JobState.RUNNING:
            parts = [f"{job.progress.fraction:.0%}", wording.stage_words(job), _left(job, now)]
            return " · ".join(part for part in parts if part)
        case JobState.FAILED:
            return job.status_message or "Nothing is known of why."
        case _:
            return ""


def _left(job: Job, now: datetime) -> str:
    """About how long it will take, from how long it took so far."""
    fraction = job.progress.fraction
    if job.started_at is None or fraction < FORESEEABLE_FRACTION:
        return ""
    taken = now - job.started_at
    if taken < FORESEEABLE_TIME:
        return ""
    return f"about {wording.roughly(taken * (1 - fraction) / fraction)} left"


def _found(job: Job) -> str:
    if job.counts is None or job.video is None:
        return ""
    people = "1 person" if job.counts.persons == 1 else f"{job.counts.persons:,} people"
    return f"{people} in {wording.duration(job.video.duration_ms)}"
