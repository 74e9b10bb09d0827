"""The page of one job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from passerby.console import wording
from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.job_deletion import DELETE
from passerby.console.job_exports import ExportFormat
from passerby.console.rendering import render_page
from passerby.console.sessions import Sessions
from passerby.jobs.job import Job, JobState
from passerby.jobs.store import JobStore


@dataclass(frozen=True)
class JobPage:
    """The page of one job."""

    jobs: JobStore
    formats: Callable[[], Sequence[ExportFormat]]  # offered for download
    upload_bucket: str  # of videos that can be deleted with their jobs; "" without one

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of the page."""
        return [authenticated(sessions, "/jobs/{job_id}", self._page)]

    def _page(self, request: AuthenticatedRequest) -> Response:
        job = request.find_job(self.jobs)
        return render_page(
            request,
            "job.html",
            job=job,
            base=f"/console/jobs/{job.id}",
            facts=_video_facts(job),
            metadata=_metadata(job),
            formats=self.formats(),
            may_delete=not job.open and request.key.rights.allow_operation(DELETE),
            is_upload=job.source["bucket"] == self.upload_bucket,
        )


def _video_facts(job: Job) -> dict[str, object] | None:
    """Return what the scripts of the page need to know; None if the job has no result."""
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
    """Return names and values of what is known of the job."""
    known = [("Tag", job.tag or "")]
    if job.counts is not None:
        known += [("People", f"{job.counts.persons:,}"), ("Sightings", f"{job.counts.sightings:,}")]
    if job.video is not None:
        video = job.video
        known += [
            ("Length", wording.duration(video.duration_ms)),
            ("Resolution", f"{video.width} × {video.height}"),  # noqa: RUF001 - as it is written
            ("Frame rate", f"{video.frame_rate:.5g} fps"),
            ("Codec", video.codec),
        ]
    known.append(("Job", job.id[:8]))
    return [(name, value) for name, value in known if value]
