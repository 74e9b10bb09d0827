"""The artifacts of one job, as its page orders them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.responses import JSONResponse, Response

from passerby.console.artifact_request import ArtifactRequest
from passerby.console.artifacts import ArtifactQueue, ArtifactStatus, Command
from passerby.errors import JobNotFound
from passerby.jobs.job import Job, JobState


@dataclass(frozen=True)
class JobArtifacts:
    """Orders artifacts of jobs."""

    queue: ArtifactQueue
    command_of: Callable[[Job, ArtifactRequest], Command]

    def order(self, job: Job, name: str, request: ArtifactRequest) -> ArtifactStatus:
        """Order an artifact, unless it is ready; raises JobNotFound if the job has no result."""
        if job.state is not JobState.SUCCEEDED:
            raise JobNotFound("This job has no result.")
        command = self.command_of(job, request)
        return self.queue.order(job.id, name, command, job.account_id)

    def path(self, job: Job, name: str) -> Path | None:
        """Return the path of an artifact; None if it is not ready."""
        return self.queue.path(job.id, name)


def status_response(status: ArtifactStatus, **more: object) -> Response:
    """Answer with the status of an artifact as JSON."""
    return JSONResponse({**asdict(status), **more})
