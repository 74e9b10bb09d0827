"""When a job has ended, its topic or webhook is told: once, and whatever happens between."""

import hashlib
import hmac
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from tests.integration.conftest import (
    Service,
    alive,
    done,
    ended,
    people_clip,
    serving,
    start,
)
from tests.waiting import wait_until

from passerby.database.connection import open_database
from passerby.jobs.message import Delivery, DeliveryState
from passerby.jobs.outbox import Outbox

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/teller"
WEBHOOK_TOPIC = f"arn:aws:sns:{REGION}:123456789012:AmazonRekognitionHook"


class Topic:
    """A topic, and the queue that hears it."""

    def __init__(self, moto_url: str, name: str) -> None:
        def client(service: str) -> BaseClient:
            return boto3.client(
                service,
                endpoint_url=moto_url,
                region_name=REGION,
                aws_access_key_id="AKIAOWNER",
                aws_secret_access_key="owner",
            )

        self._sqs, sns = client("sqs"), client("sns")
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn: str = sns.create_topic(Name=name)["TopicArn"]
        queue_arn = f"arn:aws:sqs:{REGION}:123456789012:{name}"
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue_arn)

    @property
    def channel(self) -> dict[str, str]:
        return {"SNSTopicArn": self.arn, "RoleArn": ROLE}

    def heard(self) -> list[str]:
        """What it was told since last asked."""
        got = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["Message"] for message in got.get("Messages", [])]


class Hook:
    """A program that is posted to, and too busy the first two times."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(503 if len(hook.got) < 3 else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/done"


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield hook
    hook.server.shutdown()
    thread.join()
    hook.server.server_close()


@pytest.fixture(scope="module")
def late_port() -> int:
    """Port at which SNS will be, later."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def service(
    hook: Hook, late_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A server with a webhook, and an SNS that is away."""
    webhook = {"topics": "arn:aws:sns:*:*:*Hook", "url": hook.url, "secret": "s3cret"}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("PASSERBY_WEBHOOKS", json.dumps([webhook]))
        environment.setenv("PASSERBY_SNS_ENDPOINT_URL", f"http://127.0.0.1:{late_port}")
        with serving(tmp_path_factory.mktemp("telling")) as running:
            people_clip(running.bucket / "people.mp4", 20)
            (running.bucket / "text.mp4").write_text("no video")
            yield running


def told(service: Service, job_id: str) -> Delivery | None:
    """How the message about a job fares."""
    with closing(open_database(f"sqlite:///{service.data / 'passerby.db'}")) as database:
        return Outbox(database).deliveries([job_id]).get(job_id)


def wait_for(service: Service, job_id: str, state: DeliveryState) -> Delivery:
    """Wait until the message about a job has fared so."""

    def fared() -> bool:
        delivery = told(service, job_id)
        return delivery is not None and delivery.state is state

    wait_until(fared)
    delivery = told(service, job_id)
    assert delivery is not None
    return delivery


def test_a_webhook_hears_until_it_has_heard(service: Service, hook: Hook) -> None:
    client = service.client()
    channel = {"SNSTopicArn": WEBHOOK_TOPIC, "RoleArn": ROLE}
    job_id = start(client, "text.mp4", NotificationChannel=channel, JobTag="a_tag")
    delivery = wait_for(service, job_id, DeliveryState.DELIVERED)

    assert len(hook.got) == 3
    assert len({body for _, body in hook.got}) == 1
    headers, body = hook.got[0]
    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-passerby-signature"] == f"sha256={expected}"
    envelope = json.loads(body)
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", WEBHOOK_TOPIC)
    message = json.loads(envelope["Message"])
    assert (message["JobId"], message["JobTag"]) == (job_id, "a_tag")
    assert message["Status"] == "FAILED"
    assert (delivery.attempts, delivery.last_error) == (3, "The webhook answered 503.")


def test_a_message_outlives_a_killed_worker(
    service: Service, moto_url: str, late_port: int
) -> None:
    topic = Topic(moto_url, "AmazonRekognitionLate")
    client = service.client()
    members = {"NotificationChannel": topic.channel, "ClientRequestToken": "once"}
    succeeded = start(client, "people.mp4", **members)
    failed = start(client, "text.mp4", NotificationChannel=topic.channel)
    assert ended(client, succeeded)["JobStatus"] == "SUCCEEDED"
    assert ended(client, failed)["StatusMessage"] == "Unsupported codec/format."
    wait_until(lambda: bool((delivery := told(service, failed)) and delivery.failing_since))
    assert "failing" in done("jobs", "list", "--data", service.data)
    shown = " ".join(done("jobs", "show", failed, "--data", service.data).split())
    assert "failing since" in shown
    assert "SNS cannot be used" in shown
    (worker,) = service.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not alive(worker))
    assert topic.heard() == []

    sns = ThreadedMotoServer(ip_address="127.0.0.1", port=late_port, verbose=False)
    sns.start()
    for job_id in (succeeded, failed):
        wait_for(service, job_id, DeliveryState.DELIVERED)
    assert start(client, "people.mp4", **members) == succeeded
    time.sleep(1)
    heard = topic.heard()
    sns.stop()

    ends = {json.loads(message)["JobId"]: json.loads(message)["Status"] for message in heard}
    assert ends == {succeeded: "SUCCEEDED", failed: "FAILED"}
    assert len(heard) == 2


def test_a_topic_of_another_region_is_refused(service: Service) -> None:
    channel = {"SNSTopicArn": WEBHOOK_TOPIC.replace(REGION, "eu-west-1"), "RoleArn": ROLE}

    with pytest.raises(ClientError, match="InvalidParameterException") as caught:
        start(service.client(), "people.mp4", NotificationChannel=channel)
    assert caught.value.response["Error"]["Message"] == "Request has invalid parameters"


def test_without_sns_and_webhook_a_job_is_done_and_after_a_week_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PASSERBY_WEBHOOKS", "PASSERBY_SNS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    channel = {"SNSTopicArn": WEBHOOK_TOPIC, "RoleArn": ROLE}
    with serving(tmp_path) as first:
        people_clip(first.bucket / "people.mp4", 20)
        client = first.client()
        job_id = start(client, "people.mp4", NotificationChannel=channel)
        assert ended(client, job_id)["JobStatus"] == "SUCCEEDED"
        wait_for(first, job_id, DeliveryState.NOWHERE_TO_SEND)
        assert (tmp_path / "results" / job_id).is_dir()
    monkeypatch.setenv("PASSERBY_RETENTION_DAYS", "0.000001")

    with serving(tmp_path, keyless=True) as second:
        client = second.client(*list(first.environment.values())[:2])
        wait_until(lambda: not (tmp_path / "results" / job_id).exists())
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.get_person_tracking(JobId=job_id)
    wait_until(lambda: list((tmp_path / "observations").iterdir()) == [])
