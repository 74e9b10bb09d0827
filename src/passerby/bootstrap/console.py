"""The console's seams, filled: what an installation and the API lend to it."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from passerby.access.keys import AccessKey
from passerby.api import faults
from passerby.api.exchange import Service, check_rate
from passerby.api.faults import Fault
from passerby.api.model import operation_inputs
from passerby.api.operations import start_person_tracking
from passerby.api.permission import check_operation
from passerby.api.validation import validate
from passerby.bootstrap.console_job import build_job_desk
from passerby.console.artifacts import Making
from passerby.console.dependencies import Buckets, Desk, NewAnalysis, UploadPlace
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.jobs.job import Job
from passerby.jobs.job_list import JobList
from passerby.processes.child import Limits
from passerby.settings import Settings
from passerby.wire.messages import StartPersonTrackingRequest

if TYPE_CHECKING:
    from passerby.bootstrap.installation import Installation

MEBIBYTE = 1024**2

_START = "StartPersonTracking"
# Where the service's own words would puzzle a person.
_WORDS = {
    faults.ACCESS_DENIED: "This access key may not analyse this video.",
    faults.PROVISIONED_THROUGHPUT_EXCEEDED: "Too many jobs were started within a second.",
    faults.IDEMPOTENT_PARAMETER_MISMATCH: "This form was sent before. Load the page again.",
    faults.INVALID_PARAMETER: "A bucket and a video are needed.",
}


def build_desk(installation: "Installation", service: Service, buckets: Buckets) -> Desk:
    """Put together what the console works with."""
    settings = installation.settings
    pictures = settings.data / "pictures"
    limits = Limits(
        memory_bytes=settings.process_memory_mb * MEBIBYTE,
        stall_seconds=settings.stall_seconds,
        niceness=settings.worker_niceness,
    )
    environment = settings.environment()
    sealing_key = installation.sealing_key.derive(b"passerby: sessions of the console")
    return Desk(
        jobs=installation.jobs,
        keys=installation.keys,
        results=installation.results,
        sessions=Sessions(sealing_key, installation.keys),
        failures=service.authenticator.failures,
        job_list=JobList(installation.database),
        buckets=buckets,
        has_other_buckets=settings.s3.holds_others,
        start=partial(_start, service),
        upload_place=_upload_place(settings),
        making=Making(pictures, limits, environment),
        pictures=pictures,
        job_desk=build_job_desk(installation, Making(pictures, limits, environment)),
        face_attributes=settings.face_attributes,
        secure=settings.tls_certificate is not None,
    )


def _upload_place(settings: Settings) -> UploadPlace | None:
    bucket = settings.upload_bucket
    folder = settings.bucket_root / bucket
    return UploadPlace(bucket, folder, settings.max_video_bytes) if bucket else None


def _start(service: Service, new: NewAnalysis, key: AccessKey) -> Job:
    """Start a job as the API does, with the same checks, limits and rates."""
    named = {"Bucket": new.bucket, "Name": new.key}
    optional = {"JobTag": new.tag, "ClientRequestToken": new.token}
    given = {"Video": {"S3Object": named}, **{k: v for k, v in optional.items() if v}}
    try:
        params = validate(given, operation_inputs()[_START])
        check_operation(key, _START)
        check_rate(service, key, _START)
        request = msgspec.convert(params, StartPersonTrackingRequest)
        started = start_person_tracking(service.tracking, request, key)
    except Fault as fault:
        sentence = _WORDS.get(fault.kind) or fault.message or fault.kind.code
        status = 403 if fault.kind is faults.ACCESS_DENIED else fault.kind.status
        raise Refused(sentence, status) from fault
    return service.tracking.jobs.find(started.job_id, key.account_id)
