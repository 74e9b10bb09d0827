"""Facts about a job in the list, for the page and its scripts alike."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from passerby.console import wording
from passerby.jobs.job import Job, JobState

# The remaining time is estimated once so much is done and so much time has passed.
ESTIMABLE_FRACTION = 0.05
ESTIMABLE_TIME = timedelta(seconds=3)


def job_facts(job: Job, now: datetime) -> Mapping[str, object]:
    """Return the facts, JSON-ready; texts are "" where there is nothing to say.

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
            parts = [f"{job.progress.fraction:.0%}", wording.stage_words(job), _remaining(job, now)]
            return " · ".join(part for part in parts if part)
        case JobState.FAILED:
            return job.status_message or "The reason is unknown."
        case _:
            return ""


def _remaining(job: Job, now: datetime) -> str:
    """Estimate the remaining time from the time taken so far."""
    fraction = job.progress.fraction
    if job.started_at is None or fraction < ESTIMABLE_FRACTION:
        return ""
    taken = now - job.started_at
    if taken < ESTIMABLE_TIME:
        return ""
    return f"about {wording.roughly(taken * (1 - fraction) / fraction)} left"


def _found(job: Job) -> str:
    if job.counts is None or job.video is None:
        return ""
    people = "1 person" if job.counts.persons == 1 else f"{job.counts.persons:,} people"
    return f"{people} in {wording.duration(job.video.duration_ms)}"
