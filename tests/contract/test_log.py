"""What the processes of an installation write to their logs, and what never."""

import http.client
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey
from passerby.bootstrap.installation import open_installation
from passerby.settings import Settings

from .conftest import connect
from .test_server_process import Running, serving, wait_for

WEBHOOK_SECRET = "the-webhooks-own-secret"
WEBHOOK_PASSWORD = "password-in-a-url"
WEBHOOKS = json.dumps(
    [
        {
            "topics": "*",
            "url": f"http://user:{WEBHOOK_PASSWORD}@127.0.0.1:9/",
            "secret": WEBHOOK_SECRET,
        }
    ]
)
CHANNEL = {
    "SNSTopicArn": "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone",
    "RoleArn": "arn:aws:iam::123456789012:role/passerby",
}


def lines(log: Path) -> list[dict[str, Any]]:
    """What a log in JSON holds; every line of it is an object."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def outcome(client: BaseClient, **parameters: object) -> tuple[str, str]:
    """Error code and request id that a call for a job is answered with."""
    try:
        answer = client.get_person_tracking(**parameters)
    except ClientError as error:
        answer = error.response
    code = answer.get("Error", {}).get("Code", "OK")
    return code, answer["ResponseMetadata"]["RequestId"]


class Sent:
    """The secrets that clients put on the wire."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()

    def by(self, running: Running, key_id: str, secret: str) -> BaseClient:
        client = connect(running.url, key_id, secret)
        client.meta.events.register("before-send.*", self._note)
        self.secrets.add(secret)
        return client

    def _note(self, request: Any, **_others: object) -> None:  # noqa: ANN401 - botocore's own
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        self.secrets.add(text.rpartition("Signature=")[2])


def test_each_request_is_a_line_that_says_whose_it_was_and_no_secret(tmp_path: Path) -> None:
    sent = Sent()
    with serving(tmp_path, log_format="json", log_level="debug", webhooks=WEBHOOKS) as running:
        client = sent.by(running, running.key_id, running.secret)
        token = client.start_person_tracking(Video=video(tmp_path))["JobId"]
        calls = [
            outcome(client, JobId=token),
            outcome(client, JobId=token, NextToken="c2VjcmV0IHBhZ2UgdG9rZW4="),
            outcome(sent.by(running, running.key_id, "a-wrong-secret"), JobId=token),
            outcome(sent.by(running, running.secret, running.key_id), JobId=token),
            presigned(running, temporary_key(tmp_path), sent),
        ]
    assert [code for code, _ in calls] == [
        "OK",
        "InvalidPaginationTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "SerializationException",
    ]

    written = {line["request_id"]: line for line in lines(running.log) if "request_id" in line}

    for code, request_id in calls:
        line = written[request_id]
        assert (line["operation"], line["code"]) == ("GetPersonTracking", code)
        assert line["status"] == (200 if code == "OK" else 400)
        assert line["ms"] > 0
    # Whose it was is told where it was proved, and only there.
    assert written[calls[0][1]]["key_id"] == running.key_id
    assert written[calls[0][1]]["account_id"] == "000000000000"
    assert written[calls[0][1]]["job_id"] == token
    assert not {"key_id", "account_id"} & written[calls[2][1]].keys()

    log = running.log.read_text()
    secrets = sent.secrets - {running.key_id}
    assert len(secrets) == 10  # four secrets, and the signatures of six requests
    for secret in (*secrets, WEBHOOK_SECRET, WEBHOOK_PASSWORD, "c2VjcmV0IHBhZ2UgdG9rZW4"):
        assert secret not in log


def video(data: Path) -> dict[str, object]:
    """A video of which nobody will make any sense."""
    bucket = data / "buckets" / "lobby"
    bucket.mkdir(parents=True, exist_ok=True)
    (bucket / "note.mp4").write_text("no video")
    return {"S3Object": {"Bucket": "lobby", "Name": "note.mp4"}}


def temporary_key(data: Path) -> AccessKey:
    """A key with a session token."""
    installation = open_installation(Settings(data=data))
    key = installation.keys.create(life=timedelta(hours=1))
    installation.database.close()
    return key


def presigned(running: Running, key: AccessKey, sent: Sent) -> tuple[str, str]:
    """Error code and request id of a request that is signed in its query."""
    target = {"x-amz-target": "RekognitionService.GetPersonTracking"}
    request = AWSRequest("POST", running.url, headers=target)
    credentials = Credentials(key.id, key.secret, key.session_token)
    SigV4QueryAuth(credentials, "rekognition", "eu-west-1").add_auth(request)
    parts = urlsplit(request.url)
    sent.secrets |= {parse_qs(parts.query)["X-Amz-Signature"][0], key.secret, key.session_token}
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    connection.request("POST", f"/?{parts.query}", headers=target)
    answer = connection.getresponse()
    told = json.loads(answer.read())["__type"], str(answer.headers["x-amzn-RequestId"])
    connection.close()
    return told


def test_all_that_a_worker_says_of_a_job_names_it(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        client = connect(running.url, running.key_id, running.secret)
        started = client.start_person_tracking(Video=video(tmp_path), NotificationChannel=CHANNEL)
    log = tmp_path / "worker.log"
    given = {
        "PASSERBY_LOG_FORMAT": "json",
        "PASSERBY_LOG_LEVEL": "debug",
        "PASSERBY_WEBHOOKS": WEBHOOKS,
    }
    command = [sys.executable, "-m", "passerby", "worker", "--data", str(tmp_path)]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=os.environ | given, stderr=errors) as process,
    ):
        try:
            wait_for(log, "webhook cannot be reached")
        finally:
            process.terminate()

    of_job = [line for line in lines(log) if started["JobId"] in line["message"]]

    assert any("Unsupported codec/format." in line["message"] for line in of_job)
    assert {line.get("job_id") for line in of_job} == {started["JobId"]}
    for secret in (WEBHOOK_SECRET, WEBHOOK_PASSWORD, running.secret):
        assert secret not in log.read_text()


def test_where_no_key_is_to_be_printed_none_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "passerby", "serve", "--no-worker", "--port", "0"]
    log = tmp_path / "server.log"
    with (
        log.open("w") as both,
        subprocess.Popen(
            [*command, "--data", str(tmp_path), "--log-format", "json"],
            env=os.environ | {"PASSERBY_FIRST_KEY": "false"},
            stdout=both,
            stderr=both,
        ) as process,
    ):
        try:
            wait_for(log, "startup complete")
        finally:
            process.terminate()

    messages = [line["message"] for line in lines(log)]

    assert any("passerby keys create" in message for message in messages)
    assert not re.search("AKIA|SECRET", log.read_text())
