"""What is told as it happens."""

import json
import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from tests.browser.stage import Stager
from tests.contract.test_server_process import serving
from tests.waiting import PATIENCE_SECONDS

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
