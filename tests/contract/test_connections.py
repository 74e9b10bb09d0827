"""Clients that dawdle, or say too much: real sockets, and a clock that the tests move."""

import asyncio
import math
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.server.http_protocol import LimitedProtocol

from .conftest import listening

ANSWER_BYTES = 20_000_000  # more than the system takes over for a client that does not read
REQUEST_SECONDS = LimitedProtocol.REQUEST_SECONDS


class Timer:
    """Calls something once its time has come, unless it is cancelled before."""

    def __init__(self, due: float, callback: Callable[[], object]) -> None:
        self.due = due
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualLoop:
    """An event loop whose timers know only the time that a test lets pass."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timers: list[Timer] = []
        self._seconds = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the real loop
        return getattr(self._loop, name)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        self._timers.append(Timer(self._seconds + delay, callback))
        return self._timers[-1]

    def let_pass(self, seconds: float) -> None:
        """Let time pass; to be called in the thread of the loop."""
        end = self._seconds + seconds
        while due := [each for each in self._timers if each.callback and each.due <= end]:
            first = min(due, key=lambda each: each.due)
            self._timers.remove(first)
            self._seconds = first.due
            assert first.callback
            first.callback()
        self._seconds = end


class ManualProtocol(LimitedProtocol):
    """The protocol, with the clock of the test; the latest connection is kept."""

    PATIENT_BYTES = 10_000
    latest: "ManualProtocol"

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self.manual_loop = ManualLoop(self.loop)
        self.loop = self.manual_loop  # type: ignore[assignment]
        self.heard_bytes = 0
        self.has_begun = False
        ManualProtocol.latest = self

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.has_begun = True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.heard_bytes += len(data)


async def answer(request: Request) -> Response:
    request.state.patient = request.url.path == "/patient"
    body = await request.body()
    return Response(bytes(ANSWER_BYTES) if request.url.path == "/long" else body)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    with listening(app, ManualProtocol) as url:
        yield url


class Client:
    """One connection, both ends of it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS)
        port = self.socket.getsockname()[1]
        wait_until(lambda: served_port() == port)
        self.server = ManualProtocol.latest
        self._said_bytes = 0

    def say(self, said: bytes) -> None:
        """Send something, and wait until the server has heard it."""
        self.socket.sendall(said)
        self._said_bytes += len(said)
        wait_until(lambda: self.server.heard_bytes == self._said_bytes)

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the server."""
        done = threading.Event()

        def let_pass() -> None:
            self.server.manual_loop.let_pass(seconds)
            done.set()

        self.server.manual_loop.call_soon_threadsafe(let_pass)
        assert done.wait(PATIENCE_SECONDS)

    @property
    def is_open(self) -> bool:
        return not self.server.transport.is_closing()

    def received(self) -> int:
        """Count the bytes that come until the server closes."""
        count = 0
        try:
            while chunk := self.socket.recv(1_000_000):
                count += len(chunk)
        except ConnectionResetError:
            pass
        return count


def served_port() -> int | None:
    """Port of the client whom the server has accepted last."""
    latest = getattr(ManualProtocol, "latest", None)
    if latest is None or not latest.has_begun or latest.client is None:
        return None
    return int(latest.client[1])


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    connected = Client(url)
    yield connected
    connected.socket.close()


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
def test_a_request_that_does_not_come_to_its_end(client: Client, said: bytes) -> None:
    client.say(said)
    client.let_pass(REQUEST_SECONDS - 1)
    assert client.is_open

    client.let_pass(1)

    assert client.received() == 0


def test_one_byte_at_a_time_does_not_help(client: Client) -> None:
    for piece in (b"G", b"E", b"T", b" ", b"/a", b"/a", b"/a"):
        assert client.is_open
        client.say(piece)
        client.let_pass(REQUEST_SECONDS / 7)

    assert client.received() == 0


@pytest.mark.parametrize(
    ("path", "piece", "is_answered"),
    [
        pytest.param("/patient", 5_000, True, id="expected, and it comes on"),
        pytest.param("/patient", 100, False, id="expected, and it hardly comes"),
        pytest.param("/", 5_000, False, id="not expected"),
    ],
)
def test_a_body_that_takes_long(
    client: Client, path: str, piece: int, *, is_answered: bool
) -> None:
    pieces = 14  # a fourth of the time each: three times what a request may take
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {pieces * piece}\r\n\r\n"
    client.say(head.encode())
    for _ in range(pieces):
        if client.is_open:
            client.say(bytes(piece))
            client.let_pass(REQUEST_SECONDS / 4)

    if is_answered:
        assert client.socket.recv(100).startswith(b"HTTP/1.1 200 ")
    else:
        assert client.received() == 0


def test_requests_one_after_another_each_have_their_time(client: Client) -> None:
    for _ in range(3):
        client.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\no")
        client.let_pass(REQUEST_SECONDS * 0.75)
        client.say(b"k")
        assert client.socket.recv(4096).endswith(b"ok")


def test_a_client_that_does_not_read_its_answer(client: Client) -> None:
    client.say(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: client.server.flow.write_paused)

    client.let_pass(LimitedProtocol.READING_SECONDS)

    assert client.received() < ANSWER_BYTES


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /" + b"a" * 40_000, id="request line"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000, id="one header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 8_000, id="many headers"),
    ],
)
def test_too_much_before_the_request_begins(client: Client, head: bytes) -> None:
    client.socket.sendall(head)

    answer = client.socket.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Request line or headers too long.")


class CrowdedProtocol(LimitedProtocol):
    """The protocol with room for two connections."""

    @staticmethod
    def connections_limit() -> int:
        return 2


def test_a_connection_too_many_is_closed_and_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LimitedProtocol, "complained_at", -math.inf)
    app = Starlette(routes=[Route("/", answer)])
    with listening(app, CrowdedProtocol) as url, ExitStack() as stack:
        parts = urlsplit(url)

        def connected() -> socket.socket:
            address = (parts.hostname, parts.port)
            return stack.enter_context(socket.create_connection(address, PATIENCE_SECONDS))

        def is_answered(client: socket.socket) -> bool:
            try:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                return client.recv(1000).startswith(b"HTTP/1.1 200")
            except ConnectionError:
                return False

        clients = [connected(), connected()]
        assert [is_answered(client) for client in clients] == [True, True]
        assert [is_answered(connected()) for _ in range(3)] == [False] * 3
        assert [is_answered(client) for client in clients] == [True, True]
        clients[0].close()
        wait_until(lambda: is_answered(connected()))

    said = [message for message in caplog.messages if "connections are open" in message]
    assert len(said) == 1


def test_room_is_left_for_other_files() -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    assert 0 < LimitedProtocol.connections_limit() < files
