import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.bootstrap.background_tasks import background_tasks
from passerby.bootstrap.installation import Installation, open_installation
from passerby.jobs.job import NewJob
from passerby.jobs.message import Delivery, DeliveryState
from passerby.settings import Settings, WebhookSettings

TOPIC = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone"
REQUEST = {
    "Video": {"S3Object": {"Bucket": "cctv", "Name": "street.mp4"}},
    "NotificationChannel": {"SNSTopicArn": TOPIC, "RoleArn": "arn:aws:iam::123456789012:role/r"},
}


class Receiver(HTTPServer):
    """A program that takes whatever is posted, and remembers where."""

    paths: list[str]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with Receiver(("127.0.0.1", 0), Handler) as server:
        server.paths = paths
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(settings: Settings) -> Delivery:
    """Run all errands until the message about a cancelled job has been tried."""
    installation = open_installation(settings)
    new = NewJob("123456789012", "StartPersonTracking", REQUEST, {})
    job = installation.jobs.cancel(installation.jobs.submit(new, open_limit=1).id)
    stop = threading.Event()
    threads = [
        threading.Thread(target=background_task, args=(stop,))
        for background_task in background_tasks(installation)
    ]
    for thread in threads:
        thread.start()
    try:
        return _tried(installation, job.id)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=PATIENCE_SECONDS)
        installation.database.close()


def _tried(installation: Installation, job_id: str) -> Delivery:
    def delivery() -> Delivery:
        return installation.outbox.deliveries([job_id])[job_id]

    wait_until(lambda: bool(delivery().settled_at or delivery().failing_since))
    return delivery()


def test_the_first_webhook_that_fits_is_told(tmp_path: Path, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}"
    webhooks = tuple(
        WebhookSettings(topics=topics, url=f"{url}/{number}", secret="secret")
        for number, topics in enumerate(["*Other", "*Done", "*"])
    )

    delivery = told(Settings(data=tmp_path, webhooks=webhooks, sns_endpoint_url=f"{url}/sns"))

    assert delivery.state is DeliveryState.DELIVERED
    assert receiver.paths == ["/1"]


def test_without_a_webhook_sns_is_told(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    url = f"http://127.0.0.1:{receiver.server_port}/sns"

    delivery = told(Settings(data=tmp_path, sns_endpoint_url=url))

    # Nothing came back that SNS would say, yet it was asked.
    assert receiver.paths == ["/sns"]
    assert delivery.attempts == 1


def test_without_either_nobody_is_told(tmp_path: Path) -> None:
    delivery = told(Settings(data=tmp_path))

    assert (delivery.state, delivery.last_error) == (DeliveryState.NOWHERE_TO_SEND, None)
