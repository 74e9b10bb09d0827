"""Submit jobs as a careful client does, which repeats what was not answered."""

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .clips import ClipKind

BUCKET = "cctv"
TOPIC = "arn:aws:sns:us-east-1:000000000000:ended"
ROLE = "arn:aws:iam::000000000000:role/told"
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE_SECONDS)


@dataclass(frozen=True)
class AcceptedJob:
    """A job that the service took."""

    job_id: str
    kind: ClipKind
    token: str


class RetryingClient:
    """A boto3 client that asks again while the service is away."""

    def __init__(self, url: str, key: AccessKey, videos: Path, patience_seconds: float) -> None:
        self._client: BaseClient = boto3.client(
            "rekognition",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            config=ONCE,
        )
        self._videos = videos
        self._patience_seconds = patience_seconds
        self.unanswered = 0

    def start(self, kind: ClipKind, original: Path, number: int) -> AcceptedJob:
        """Submit one job, again and again until it is accepted."""
        name = f"{kind.name}-{number}.mp4"
        shutil.copyfile(original, self._videos / name)
        # Another time of change, and none of its observations are those of another job.
        os.utime(self._videos / name, (number, number))
        token = f"token-{number}"
        answer = self._request(
            "start_person_tracking",
            Video={"S3Object": {"Bucket": BUCKET, "Name": name}},
            ClientRequestToken=token,
            JobTag=f"job-{number}",
            NotificationChannel={"SNSTopicArn": TOPIC, "RoleArn": ROLE},
        )
        return AcceptedJob(answer["JobId"], kind, token)

    def status(self, job_id: str) -> dict[str, Any]:
        """Ask for the status of a job."""
        return self._request("get_person_tracking", JobId=job_id, MaxResults=1)

    def wait_for_end(self, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job; give its status then."""
        deadline = time.monotonic() + self._patience_seconds
        while (answer := self.status(job_id))["JobStatus"] == "IN_PROGRESS":
            if time.monotonic() > deadline:
                return answer
            time.sleep(0.2)
        return answer

    def pages(self, job_id: str) -> bytes:
        """What a job found, page by page in both orders, without what names the job itself."""
        found = []
        for order in ("TIMESTAMP", "INDEX"):
            token = ""
            while True:
                page = self._request(
                    "get_person_tracking", JobId=job_id, SortBy=order, NextToken=token
                )
                found.append((page["VideoMetadata"], page["Persons"]))
                token = page.get("NextToken", "")
                if not token:
                    break
        return json.dumps(found, sort_keys=True).encode()

    def _request(self, operation: str, **members: object) -> dict[str, Any]:
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                answer: dict[str, Any] = getattr(self._client, operation)(**members)
            except (BotoCoreError, ClientError) as error:
                if not _may_pass(error) or time.monotonic() > deadline:
                    raise
                self.unanswered += 1
                time.sleep(0.2)
            else:
                return answer


def _may_pass(error: Exception) -> bool:
    """Whether it is worth asking again: there was no answer, or the service's own failure."""
    if not isinstance(error, ClientError):
        return True
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= 500
