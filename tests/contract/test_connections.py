"""Clients that dawdle, or say too much: real sockets, short patience."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passerby.server.http_protocol import LimitedProtocol

from .conftest import listening

ANSWER_BYTES = 20_000_000  # more than the system takes over for a client that does not read


class HastyProtocol(LimitedProtocol):
    REQUEST_SECONDS = 0.4
    READING_SECONDS = 0.4
    PATIENT_BYTES = 10_000


async def answer(request: Request) -> Response:
    request.state.patient = request.url.path == "/patient"
    body = await request.body()
    return Response(bytes(ANSWER_BYTES) if request.url.path == "/long" else body)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    with listening(app, HastyProtocol) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connected:
        yield connected


def seconds_until_closed(client: socket.socket) -> float:
    began = time.monotonic()
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"POST / HT", id="part of the request line"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\n", id="part of the headers"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nbo", id="part of the body"
        ),
    ],
)
def test_a_request_that_does_not_come_to_its_end(client: socket.socket, said: bytes) -> None:
    client.sendall(said)

    assert 0.2 < seconds_until_closed(client) < 3


def test_one_byte_at_a_time_does_not_help(client: socket.socket) -> None:
    client.settimeout(0.05)
    head = iter([b"G", b"E", b"T", b" "] + [b"/a"] * 4 + [b""] * 60)
    began = time.monotonic()

    while not closed(client):
        assert time.monotonic() < began + 3
        client.sendall(next(head))

    assert time.monotonic() > began + 0.2


@pytest.mark.parametrize(
    ("path", "piece", "whole"),
    [
        pytest.param("/patient", 5_000, True, id="expected, and it comes on"),
        pytest.param("/patient", 100, False, id="expected, and it hardly comes"),
        pytest.param("/", 5_000, False, id="not expected"),
    ],
)
def test_a_body_that_takes_long(
    client: socket.socket, path: str, piece: int, *, whole: bool
) -> None:
    pieces = 14  # a tenth of a second each: three times what a request may take
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {pieces * piece}\r\n\r\n"
    client.sendall(head.encode())
    answered = b""
    try:
        for _ in range(pieces):
            client.sendall(bytes(piece))
            time.sleep(0.1)
        answered = client.recv(100)
    except (BrokenPipeError, ConnectionResetError):
        pass

    assert answered.startswith(b"HTTP/1.1 200 ") is whole


def closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_requests_one_after_another_each_have_their_time(client: socket.socket) -> None:
    for _ in range(3):
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok")
        assert client.recv(4096).endswith(b"ok")
        time.sleep(0.3)


def test_a_client_that_does_not_read_its_answer(client: socket.socket) -> None:
    client.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(1.5)

    received = 0
    try:
        while chunk := client.recv(1_000_000):
            received += len(chunk)
    except ConnectionResetError:
        pass
    assert received < ANSWER_BYTES


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /" + b"a" * 40_000, id="request line"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000, id="one header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 8_000, id="many headers"),
    ],
)
def test_too_much_before_the_request_begins(client: socket.socket, head: bytes) -> None:
    client.sendall(head)

    answer = client.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Request line or headers too long.")
