"""The page of one job."""

from starlette.responses import Response

from passerby.console import wording
from passerby.console.authentication import Visit, visited
from passerby.console.pages import page
from passerby.jobs.job import Job, JobState


def address(job: Job) -> str:
    """Where the page of a job is."""
    return f"/console/jobs/{job.id}"


def _page(visit: Visit) -> Response:
    job = visit.job()
    return page(
        visit,
        "job.html",
        job=job,
        base=address(job),
        facts=_video_facts(job),
        metadata=_metadata(job),
        formats=visit.desk.job_desk.formats(),
    )


def _video_facts(job: Job) -> dict[str, object] | None:
    """What the scripts of the page need to know; None where the job has found nothing."""
    if job.state is not JobState.SUCCEEDED or job.video is None:
        return None
    video = job.video
    return {
        "width": video.width,
        "height": video.height,
        "duration_ms": video.duration_ms,
        "frame_rate": video.frame_rate,
    }


def _metadata(job: Job) -> list[tuple[str, str]]:
    """Names and values of what is known of the job."""
    known = [("Tag", job.tag or "")]
    if job.counts is not None:
        known += [("People", f"{job.counts.persons:,}"), ("Sightings", f"{job.counts.sightings:,}")]
    if job.video is not None:
        video = job.video
        known += [
            ("Length", wording.duration(video.duration_ms)),
            ("Picture", f"{video.width} × {video.height}"),  # noqa: RUF001 - as it is written
            ("Frames a second", f"{video.frame_rate:.5g}"),
            ("Codec", video.codec),
        ]
    known.append(("Job", job.id[:8]))
    return [(name, value) for name, value in known if value]


ROUTES = (visited("/jobs/{job_id}", _page),)
