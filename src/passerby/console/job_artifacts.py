"""The artifacts of one job, as its page orders them; workers make them."""

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from starlette.responses import JSONResponse, Response

from passerby.console.artifact_request import ArtifactRequest
from passerby.errors import JobNotFound
from passerby.jobs.artifact_orders import ArtifactOrders, ArtifactStatus
from passerby.jobs.job import Job, JobState


@dataclass(frozen=True)
class JobArtifacts:
    """Orders artifacts of jobs."""

    orders: ArtifactOrders

    def order(
        self, job: Job, name: str, request: ArtifactRequest, *, is_quick: bool = False
    ) -> ArtifactStatus:
        """Order an artifact, unless it is ready.

        Raises
        ------
        JobNotFound
            If the job has no result.
        TooManyOrders
            If its account has too many that are not ready.
        """
        if job.state is not JobState.SUCCEEDED:
            raise JobNotFound("This job has no result.")
        encoded = msgspec.to_builtins(request)
        return self.orders.order(job.id, name, job.account_id, encoded, is_quick=is_quick)

    def path(self, job: Job, name: str) -> Path | None:
        """Return the path of an artifact; None if it is not ready."""
        return self.orders.path(job.id, name)


def status_response(status: ArtifactStatus, **more: object) -> Response:
    """Answer with the status of an artifact as JSON."""
    return JSONResponse({**asdict(status), **more})
