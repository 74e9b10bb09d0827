"""Notifications about ended jobs: their text, and the topic they go to.

Source of the message: the service's own, recorded on 2019-10-15; developer guide,
"Reference: video analysis results notification".
"""

import msgspec

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.jobs.job import Job, JobState
from passerby.jobs.message import OutgoingMessage
from passerby.wire.messages import StartPersonTrackingRequest


def check_topic_region(request: StartPersonTrackingRequest, region: str) -> None:
    """Refuse a topic outside the region that the request was signed for.

    Raises
    ------
    Fault
        InvalidParameterException.
    """
    channel = request.notification_channel
    # arn:aws:sns:<region>:<account>:<name>, held by the model's pattern.
    if channel is not None and channel.sns_topic_arn.split(":")[3] != region:
        raise Fault(faults.INVALID_PARAMETER)


def notification_of(job: Job) -> OutgoingMessage | None:
    """Write the notification about an ended job; None if the request named no channel."""
    request = msgspec.convert(job.request, StartPersonTrackingRequest)
    channel = request.notification_channel
    if channel is None:
        return None
    address = {"topic": channel.sns_topic_arn, "role": channel.role_arn}
    return OutgoingMessage(address, msgspec.json.encode(_notice(job, request)).decode())


def _notice(job: Job, request: StartPersonTrackingRequest) -> dict[str, object]:
    """Write the members in the service's order, without absent ones."""
    place = request.video.s3_object
    assert place is not None  # noqa: S101 - no job is made without one
    assert job.ended_at is not None  # noqa: S101 - the caller's promise
    return {
        "JobId": job.id,
        "Status": "SUCCEEDED" if job.state is JobState.SUCCEEDED else "FAILED",
        "API": job.operation,
        **({"JobTag": request.job_tag} if request.job_tag else {}),
        "Timestamp": int(job.ended_at.timestamp() * 1000),
        "Video": {"S3ObjectName": place.name, "S3Bucket": place.bucket},
    }
