"""Deleting a job with everything that was made from it."""

from dataclasses import dataclass
from typing import Protocol

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.errors import JobStillOpen, VideoNotUploaded
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore

# Right that a key must have; there is no such operation on the wire.
DELETE = "DeleteJob"


class DeleteJob(Protocol):
    """Function that deletes a job."""

    def __call__(self, job: Job, *, with_video: bool) -> None:
        """Delete a job; raises JobStillOpen, VideoNotUploaded."""


@dataclass(frozen=True)
class JobDeletion:
    """Deletes jobs for whoever may."""

    jobs: JobStore
    delete_job: DeleteJob

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the route of the form."""
        path = "/jobs/{job_id}/delete"
        return [authenticated(sessions, path, self._delete, method="POST", right=DELETE)]

    def _delete(self, request: AuthenticatedRequest) -> Response:
        job = request.find_job(self.jobs)
        try:
            self.delete_job(job, with_video="with_video" in request.form)
        except (JobStillOpen, VideoNotUploaded) as error:
            raise Refused(str(error), 409) from error
        return RedirectResponse("/console/", 303)
