"""What is told as it happens."""

import json
import socket
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from tests.browser.stage import Stager
from tests.contract.test_server_process import serving
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.console.events import STREAMS_OF_ACCOUNT

from .conftest import ConsoleServer
from .user import User


def test_progress_as_it_happens(console: ConsoleServer) -> None:
    key = console.key()
    user = console.user(key)
    parts = urlsplit(console.server.url)
    with (
        closing(Stager(console.data, datetime.now(UTC))) as stage,
        socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS) as client,
        client.makefile("rb") as lines,
    ):
        head = f"GET /console/events HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        client.sendall(f"{head}Cookie: passerby_session={user.cookie}\r\n\r\n".encode())
        job = stage.queued("cctv/c.mp4", account_id=key.account_id)
        first = next_job(lines)
        stage.store.cancel(job.id)
        second = next_job(lines)

    assert (first["id"], first["words"], first["open"]) == (job.id, "Waiting", True)
    assert (second["id"], second["words"], second["open"]) == (job.id, "Cancelled", False)


def next_job(lines: BinaryIO) -> dict[str, object]:
    for line in lines:
        if line.startswith(b"data: "):
            told: dict[str, object] = json.loads(line.removeprefix(b"data: "))
            return told
    raise AssertionError("the stream ended")


def test_the_server_ends_soon_though_somebody_watches(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        user = User(server.url)
        user.log_in(server.key_id, server.secret)
        parts = urlsplit(server.url)
        with socket.create_connection(
            (parts.hostname, parts.port), timeout=PATIENCE_SECONDS
        ) as client:
            head = f"GET /console/events HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            client.sendall(f"{head}Cookie: passerby_session={user.cookie}\r\n\r\n".encode())
            assert b"text/event-stream" in client.recv(4000)
            server.process.terminate()

            server.process.wait(PATIENCE_SECONDS)


def listening(console: ConsoleServer, user: User) -> socket.socket:
    """A stream that has begun, or was refused."""
    parts = urlsplit(console.server.url)
    client = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)
    head = f"GET /console/events HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n"
    client.sendall(f"{head}Cookie: passerby_session={user.cookie}\r\n\r\n".encode())
    return client


def status_of(client: socket.socket) -> int:
    with client.makefile("rb") as lines:
        return int(lines.readline().split()[1])


def test_an_account_has_so_many_streams_and_others_have_theirs(console: ConsoleServer) -> None:
    user, other = console.user(), console.user()
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(console, user)) for _ in range(STREAMS_OF_ACCOUNT)]
        assert {status_of(stream) for stream in streams} == {200}
        with listening(console, user) as one_more, listening(console, other) as theirs:
            assert (status_of(one_more), status_of(theirs)) == (429, 200)

    def is_free() -> bool:
        with listening(console, user) as again:
            return status_of(again) == 200

    wait_until(is_free)
