import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.dripping import ask_dripping, dripping

from passerby.cloud import webhook as module
from passerby.cloud.webhook import Notification, Webhook, envelope, post, signature
from passerby.errors import DeliveryError
from passerby.jobs.outbox import ATTEMPT_TIMEOUT

TOPIC = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone"
QUEUED_AT = datetime(2019, 10, 15, 10, 54, 29, 110_000, UTC)
NOW = datetime(2019, 10, 15, 10, 55, 1, tzinfo=UTC)
NOTIFICATION = Notification(
    "6a9c51a6-2a0e-4e0a-8f0c-3c1d0f6e0c11", TOPIC, '{"JobId":"43","Straße":1}', QUEUED_AT
)


@dataclass
class Receiver:
    """A program that is posted to: what it answers, and what it got."""

    status: int = 200
    location: str | None = None
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((self.path, headers, body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        pytest.param("*", True, id="any topic"),
        pytest.param(TOPIC, True, id="the very topic"),
        pytest.param("arn:aws:sns:*:123456789012:AmazonRekognition*", True, id="wildcards"),
        pytest.param("arn:aws:sns:*:999999999999:*", False, id="another account"),
        pytest.param(TOPIC.lower(), False, id="another spelling"),
        pytest.param("AmazonRekognitionDone", False, id="a part of it"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_which_topics_a_webhook_stands_for(pattern: str, fits: bool) -> None:  # noqa: FBT001
    assert Webhook(pattern, "http://localhost", "secret").matches(TOPIC) is fits


def test_neither_url_nor_secret_shows() -> None:
    assert repr(Webhook("*", "http://me:hunter2@host", "s3cret")) == "Webhook(topics='*')"


def test_the_envelope_is_that_of_sns() -> None:
    lines = envelope(NOTIFICATION).decode().splitlines()

    assert lines[:6] == [
        "{",
        '  "Type" : "Notification",',
        '  "MessageId" : "6a9c51a6-2a0e-4e0a-8f0c-3c1d0f6e0c11",',
        f'  "TopicArn" : "{TOPIC}",',
        '  "Message" : "{\\"JobId\\":\\"43\\",\\"Straße\\":1}",',
        '  "Timestamp" : "2019-10-15T10:54:29.110Z",',
    ]
    assert list(json.loads(envelope(NOTIFICATION))) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]


def test_the_signature_is_that_of_the_rfc() -> None:
    # RFC 4231, test case 2.
    assert signature("Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_what_a_receiver_gets() -> None:
    receiver = Receiver(204)
    with receiving(receiver) as url:
        post(Webhook("*", f"{url}/done?x=1", "s3cret"), NOTIFICATION, NOW)

    ((path, headers, body),) = receiver.got
    assert path == "/done?x=1"
    assert json.loads(json.loads(body)["Message"]) == {"JobId": "43", "Straße": 1}
    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-passerby-signature"] == f"sha256={expected}"
    assert headers["x-passerby-timestamp"] == "2019-10-15T10:55:01.000Z"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == NOTIFICATION.message_id
    assert headers["x-amz-sns-topic-arn"] == TOPIC
    assert headers["content-type"] == "text/plain; charset=UTF-8"


def test_raw_delivery_is_the_message_alone() -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        post(Webhook("*", url, "s3cret", raw=True), NOTIFICATION, NOW)

    ((_, headers, body),) = receiver.got
    assert body == '{"JobId":"43","Straße":1}'.encode()
    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-passerby-signature"] == f"sha256={expected}"
    # SNS developer guide, "Raw message delivery".
    assert headers["x-amz-sns-rawdelivery"] == "true"
    assert headers["x-amz-sns-message-id"] == NOTIFICATION.message_id
    assert headers["x-amz-sns-topic-arn"] == TOPIC


def test_an_envelope_does_not_say_that_it_is_raw() -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

    assert "x-amz-sns-rawdelivery" not in receiver.got[0][1]


def test_each_attempt_sends_the_same_bytes() -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        for _ in range(2):
            post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

    first, second = receiver.got
    assert first[2] == second[2]


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 429, 500, 503])
def test_any_other_answer_is_a_failure(status: int) -> None:
    receiver = Receiver(status)
    with receiving(receiver) as url, pytest.raises(DeliveryError, match=f"answered {status}"):
        post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

    assert len(receiver.got) == 1


def test_a_redirect_is_not_followed() -> None:
    elsewhere = Receiver()
    with receiving(elsewhere) as target:
        receiver = Receiver(307, location=f"{target}/steal")
        with receiving(receiver) as url, pytest.raises(DeliveryError, match="answered 307"):
            post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

    assert elsewhere.got == []


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_nobody_home_tells_nothing_of_the_url() -> None:
    url = f"http://me:hunter2@127.0.0.1:{unused_port()}/?token=hunter2"

    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

    assert not re.search("hunter2|s3cret", str(caught.value))


@pytest.mark.parametrize("url", ["http://", "http://[", "https://host:port/"])
def test_a_url_that_leads_nowhere(url: str) -> None:
    with pytest.raises(DeliveryError, match="cannot be reached"):
        post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)


def test_a_receiver_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(DeliveryError, match="did not answer in time"):
            post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)


@pytest.mark.parametrize(
    ("scheme", "beginning"),
    [
        pytest.param("http", b"HTTP/1.1 200 OK\r\nX-A: ", id="in its headers"),
        pytest.param("http", b"HTTP/1.1 ", id="in its status"),
        pytest.param("https", b"\x16\x03\x03\x3f\xff", id="in the TLS handshake"),
    ],
)
def test_a_receiver_that_drips(
    monkeypatch: pytest.MonkeyPatch, scheme: str, beginning: bytes
) -> None:
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.3)
    with dripping(beginning) as drips:
        url = drips.url.replace("http", scheme, 1)

        def deliver() -> None:
            with pytest.raises(DeliveryError, match="did not answer in time"):
                post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)

        ask_dripping(drips, deliver)


def test_an_attempt_is_over_before_its_message_is_claimed_again() -> None:
    assert ATTEMPT_TIMEOUT.total_seconds() / 2 > module.TOTAL_SECONDS


def test_a_receiver_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            rude.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{rude.getsockname()[1]}"

        with pytest.raises(DeliveryError, match="cannot be reached"):
            post(Webhook("*", url, "s3cret"), NOTIFICATION, NOW)
        thread.join()
