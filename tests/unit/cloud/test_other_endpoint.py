import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.waiting import PATIENCE_SECONDS

from passerby.cloud.other_endpoint import Origin, OtherEndpoint, known_operations
from passerby.errors import ForwardingError, SettingsError

HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: theirs\r\nX-Amzn-ErrorType: InvalidImage\r\n"
    b"Content-Type: application/x-amz-json-1.1\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
)
SHORT_SECONDS = 0.3


@dataclass
class Scripted:
    """A server that answers every request with the same pieces, and remembers requests."""

    pieces: Callable[[], Iterator[bytes]]
    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while not self.ended.is_set():
            connection, _ = listener.accept()
            self.connections += 1
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                lines = iter(reader.readline, b"\r\n")
                headers = dict(each.decode().strip().split(": ", 1) for each in lines)
                body = reader.read(int(headers["Content-Length"]))
                self.requests.append((line.decode().strip(), headers, body))
                try:
                    for piece in self.pieces():
                        connection.sendall(piece)
                        if self.ended.wait(0.001):
                            return
                except OSError:
                    return
                if not self.requests[-1][2]:
                    return


@contextmanager
def answering(pieces: Callable[[], Iterator[bytes]]) -> Iterator[Scripted]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(pieces, f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def origin(url: str) -> Origin:
    return Origin("eu-west-1", url, access_key_id="AKIAOTHER", secret_access_key="s3cret")


def endpoint(url: str, deadline_seconds: float = PATIENCE_SECONDS) -> OtherEndpoint:
    return OtherEndpoint(origin(url), deadline_seconds, answer_bytes_limit=1000)


def always(answer: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([answer])


def test_a_call_arrives_as_botocore_would_have_signed_it() -> None:
    body = '{"Image":{"Bytes":"ä"}}'.encode()
    with answering(always(ANSWER)) as server:
        endpoint(server.url).send("DetectLabels", body)

    ((line, headers, received),) = server.requests
    assert (line, received) == ("POST / HTTP/1.1", body)
    assert headers["X-Amz-Target"] == "RekognitionService.DetectLabels"
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert "passerby" in headers["Via"]
    signed = {name: headers[name] for name in ("Content-Type", "X-Amz-Date", "X-Amz-Target")}
    request = AWSRequest("POST", server.url, data=body, headers=signed)
    request.context["timestamp"] = headers["X-Amz-Date"]
    judge = SigV4Auth(Credentials("AKIAOTHER", "s3cret"), "rekognition", "eu-west-1")
    to_sign = judge.string_to_sign(request, judge.canonical_request(request))
    assert headers["Authorization"].endswith(f"Signature={judge.signature(to_sign, request)}")
    assert headers["Host"] == urlsplit(server.url).netloc


def test_the_answer_comes_back_with_what_clients_read() -> None:
    with answering(always(ANSWER)) as server:
        answer = endpoint(server.url).send("DetectLabels", b"{}")

    assert (answer.status, answer.body) == (400, b"{}")
    assert answer.headers == {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-RequestId": "theirs",
        "x-amzn-ErrorType": "InvalidImage",
    }


def test_connections_are_kept() -> None:
    with answering(always(ANSWER)) as server:
        other = endpoint(server.url)
        for _ in range(3):
            other.send("DetectLabels", b"{}")
        assert server.connections == 1


def test_redirects_are_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with answering(always(moved)) as server:
        assert endpoint(server.url).send("DetectLabels", b"{}").status == 307
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda: itertools.repeat(b""), id="nothing at all"),
        pytest.param(
            lambda: itertools.chain([HEAD, b"x-a: "], itertools.repeat(b"b")),
            id="a head, bit by bit",
        ),
        pytest.param(
            lambda: itertools.chain(
                [HEAD, b"Content-Length: 999\r\n\r\n"],
                (b"b" * (n % 50 == 0) for n in itertools.count()),
            ),
            id="a body, bit by bit",
        ),
        pytest.param(
            lambda: itertools.chain([HEAD, b"Content-Length: 9\r\n\r\nb"], itertools.repeat(b"")),
            id="a body that stops",
        ),
    ],
)
def test_an_answer_has_a_deadline(pieces: Callable[[], Iterator[bytes]]) -> None:
    with answering(pieces) as server, pytest.raises(ForwardingError) as caught:
        endpoint(server.url, SHORT_SECONDS).send("DetectLabels", b"{}")

    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(always(HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001), id="too long"),
        pytest.param(
            lambda: itertools.chain(
                [HEAD, b"Transfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"3\r\nabc\r\n")
            ),
            id="endless",
        ),
        pytest.param(always(HEAD + b"x-a: b\r\n\r\n"), id="no length"),
        pytest.param(always(b"SSH-2.0-OpenSSH\r\n\r\n"), id="no HTTP"),
    ],
)
def test_an_answer_that_cannot_be_used(pieces: Callable[[], Iterator[bytes]]) -> None:
    with answering(pieces) as server, pytest.raises(ForwardingError):
        endpoint(server.url).send("DetectLabels", b"{}")


def test_an_answer_that_is_cut_off() -> None:
    cut = always(HEAD + b"Content-Length: 9\r\n\r\nb")
    with answering(cut) as server, pytest.raises(ForwardingError):
        endpoint(server.url).send("DetectLabels", b"")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://me:hunter2@127.0.0.1:{listener.getsockname()[1]}/"

    with pytest.raises(ForwardingError, match="cannot be reached") as caught:
        endpoint(url).send("DetectLabels", b"{}")

    assert "hunter2" not in str(caught.value)


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No credentials, no region and no profile of this machine; gives the file of profiles."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "DEFAULT_REGION", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "profiles"))
    return tmp_path / "profiles"


@pytest.mark.parametrize(
    ("chosen", "complaint"),
    [
        pytest.param(Origin("eu-west-1"), "credentials", id="no credentials"),
        pytest.param(Origin(None), "forward_region", id="no region"),
        pytest.param(Origin("eu-west-1", profile="absent"), "absent", id="no such profile"),
        pytest.param(
            replace(origin(""), region="a/b", endpoint_url=None), "forwarded", id="no such region"
        ),
    ],
)
@pytest.mark.usefixtures("nothing_set")
def test_what_is_missing_is_said_at_once(chosen: Origin, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        OtherEndpoint(chosen)

    assert "\n" not in str(caught.value)


def test_a_profile_and_the_endpoint_of_aws(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_set.write_text("[lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = x\n")
    # By which clients find passerby: the server must not find itself.
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:8420")

    other = OtherEndpoint(Origin("eu-west-1", profile="lab"))

    assert other.access_key_id == "AKIALAB"
    assert other._url == "https://rekognition.eu-west-1.amazonaws.com"


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(origin("http://x"))


def test_known_operations() -> None:
    assert {"DetectFaces", "StartLabelDetection"} <= known_operations()
    assert json.dumps(sorted(known_operations()))
