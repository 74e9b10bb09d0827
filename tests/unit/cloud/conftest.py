"""An object store that answers as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "a made-up secret"


@dataclass
class ScriptedStore:
    """What the next requests are answered with, and what was asked."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    refusals: list[int] = field(default_factory=list)  # statuses that come first, one a request
    refuses_conditions: bool = False  # 412 to any `If-Match`
    without_length: bool = False  # HEAD requests are answered without Content-Length
    for_get: tuple[int, dict[str, str]] | None = None  # status and further headers of GET requests
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def now(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer so from now on; underscores in the headers' names are hyphens."""
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class _Handler(BaseHTTPRequestHandler):
    store: ScriptedStore

    def do_GET(self) -> None:
        store = self.store
        store.asked.append((self.command, self.path, dict(self.headers)))
        if store.refusals:
            self.send_error(store.refusals.pop(0))
            return
        if store.refuses_conditions and "If-Match" in self.headers:
            self.send_error(412)
            return
        status, further = store.for_get or (store.status, {})
        self.send_response(store.status if self.command == "HEAD" else status)
        headers = {"Content-Length": str(len(store.body))} | store.headers
        if self.command == "GET":
            headers |= further
        elif store.without_length:
            del headers["Content-Length"]
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(store.body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_ignored: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def scripted_store() -> Iterator[ScriptedStore]:
    scripted = ScriptedStore("")
    handler = type("Handler", (_Handler,), {"store": scripted})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # A client that hangs up early is part of what is tested.
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        scripted.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield scripted
        server.shutdown()


@pytest.fixture
def store() -> Iterator[ScriptedStore]:
    with scripted_store() as running:
        yield running


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that open nothing, and no other source of any."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
