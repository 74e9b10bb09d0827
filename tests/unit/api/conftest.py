from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

import numpy as np
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from passerby.access.rights import Rights
from passerby.api.authorization import SignedRequest
from passerby.api.operations import Order
from passerby.errors import JobNotFound, ObjectNotFound, TokenReused, TooManyOpenJobs
from passerby.jobs.job import Job, JobState, NewJob
from passerby.records import NO_FACE, Faces, Progress, Sightings

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    id: str = "AKIAEXAMPLE"
    secret: str = "a/secret+with=signs"
    account_id: str = "123456789012"
    rights: Rights = field(default_factory=Rights)
    session_token: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Signer:
    """botocore as a client that signs: the judge of our verification."""

    key: Key = field(default_factory=Key)

    def __call__(
        self,
        body: bytes = b'{"JobId":"0"}',
        target: str = "RekognitionService.GetPersonTracking",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        service: str = "rekognition",
        *,
        target_signed: bool = True,
    ) -> SignedRequest:
        url = f"http://localhost:8080{path}"
        named = {"X-Amz-Target": target}
        sent = {**(named if target_signed else {}), "Host": "localhost:8080", **(headers or {})}
        request = AWSRequest("POST", url, headers=sent, data=body)
        credentials = Credentials(self.key.id, self.key.secret, self.key.session_token or None)
        SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
        parts = urlsplit(url)
        given = dict(request.headers.items()) | named
        return SignedRequest(
            method="POST",
            path=parts.path,
            query=parts.query,
            headers=tuple((name.lower(), value) for name, value in given.items()),
            body=body,
            client_address="192.0.2.1",
        )

    def find(self, key_id: str) -> Key | None:
        return self.key if key_id == self.key.id else None


class BodyQueryAuth(SigV4QueryAuth):  # type: ignore[misc]
    """botocore's presigning, of a body that stays in the request."""

    def __init__(self, key: Key, body: bytes, life: int) -> None:
        credentials = Credentials(key.id, key.secret, key.session_token or None)
        super().__init__(credentials, "rekognition", "us-east-1", life)
        self._body = body

    def payload(self, _request: AWSRequest) -> str:
        return sha256(self._body).hexdigest()


def presigned(client: Signer, life: int = 600) -> SignedRequest:
    body, target = b'{"JobId":"0"}', "RekognitionService.GetPersonTracking"
    headers = {"X-Amz-Target": target, "Host": "localhost:8080"}
    request = AWSRequest("POST", "http://localhost:8080/", headers=headers)
    BodyQueryAuth(client.key, body, life).add_auth(request)
    sent = tuple((name.lower(), value) for name, value in request.headers.items())
    return SignedRequest("POST", "/", urlsplit(request.url).query, sent, body, "192.0.2.1")


@pytest.fixture(scope="session")
def client() -> Signer:
    return Signer()


@dataclass
class ListedJobs:
    """Jobs in a list; ids count up from 0."""

    jobs: list[Job] = field(default_factory=list)
    tokens: dict[str, Job] = field(default_factory=dict)

    def find_repeated(self, new: NewJob) -> Job | None:
        job = self.tokens.get(new.token or "")
        if job is not None and job.request != new.request:
            raise TokenReused
        return job

    def submit(self, new: NewJob, open_limit: int) -> Job:
        if len(self.jobs) >= open_limit:
            raise TooManyOpenJobs(open_jobs=len(self.jobs))
        self.jobs.append(_queued(f"{len(self.jobs):064x}", new))
        if new.token is not None:
            self.tokens[new.token] = self.jobs[-1]
        return self.jobs[-1]

    def find(self, job_id: str, account_id: str) -> Job:
        for job in self.jobs:
            if (job.id, job.account_id) == (job_id, account_id):
                return job
        raise JobNotFound


def _queued(job_id: str, new: NewJob) -> Job:
    return Job(
        id=job_id,
        account_id=new.account_id,
        operation=new.operation,
        request=new.request,
        source=new.source,
        tag=new.tag,
        state=JobState.QUEUED,
        progress=Progress(),
        status_message=None,
        video=None,
        counts=None,
        created_at=NOW,
        started_at=None,
        ended_at=None,
        attempt=0,
    )


@dataclass(frozen=True)
class Facts:
    size_bytes: int
    fingerprint: str = "f1"


@dataclass
class ListedObjects:
    """One bucket, `lobby`: key → size in bytes."""

    sizes: dict[str, int] = field(default_factory=lambda: {"monday.mp4": 1000, "huge.mp4": 1001})

    def head(self, bucket: str, key: str, version: str | None) -> Facts:
        if bucket != "lobby" or key not in self.sizes or version is not None:
            raise ObjectNotFound
        return Facts(self.sizes[key])


@dataclass(frozen=True)
class Page:
    sightings: Sightings
    next_offset: int | None


class CountedResults:
    """2500 sightings of every job: row n is person n at n milliseconds, or backwards by index."""

    def page(self, job_id: str, order: Order, offset: int, count: int) -> Page:
        assert len(job_id) == 64
        rows = np.arange(2500)[offset : offset + count]
        person_index = rows if order == "timestamp" else 2499 - rows
        sightings = Sightings(
            person_index=person_index,
            frame_index=rows,
            timestamp_ms=rows,
            xyxy=np.tile(np.array([0, 0, 64, 36], np.float32), (len(rows), 1)),
            confidence=np.ones(len(rows), np.float32),
            detected=np.ones(len(rows), np.bool_),
            face=np.full(len(rows), NO_FACE),
            faces=Faces.none(),
        )
        end = offset + count
        return Page(sightings, end if end < 2500 else None)
