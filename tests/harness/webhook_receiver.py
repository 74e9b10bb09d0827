"""Receive the messages about ended jobs: a webhook that now and then refuses or hangs up.

When a message comes it checks at once whether the job can be read.
"""

import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .database import StateOf

TAKEN, REFUSED = 200, 503
# Of three messages, one is taken without a word of it, or refused.
BEHAVIOURS = ("takes it", "takes it", "takes it", "takes it", "refuses", "hangs up")


class WebhookReceiver:
    """Notes the messages that have come so far."""

    def __init__(self, data: Path, state_of: StateOf, seed: int) -> None:
        self.heard: dict[str, list[tuple[str, str]]] = defaultdict(list)  # job → (id, message)
        self.too_early: list[str] = []
        self.published: dict[str, set[int]] = defaultdict(set)  # job → inodes of its results
        self._data = data
        self._state_of = state_of
        self._random = random.Random(seed)  # noqa: S311 - chaos is no secret
        self._lock = threading.Lock()

    def hear(self, body: bytes) -> str:
        """Note one message; gives how the receiver behaves."""
        envelope = json.loads(body)
        message = json.loads(envelope["Message"])
        job_id = message["JobId"]
        results = self._results(job_id, message["Status"])
        with self._lock:
            self.heard[job_id].append((envelope["MessageId"], envelope["Message"]))
            if results is None:
                self.too_early.append(job_id)
            else:
                self.published[job_id] |= results
            return self._random.choice(BEHAVIOURS)

    def _results(self, job_id: str, status: str) -> set[int] | None:
        """Inodes of what the job found, none if it failed; None if it cannot be read yet."""
        state = self._state_of(job_id)
        if status == "FAILED":
            return set() if state in {"failed", "cancelled"} else None
        folder = self._data / "results" / job_id
        files = [folder / f"{order}.parquet" for order in ("timestamp", "index")]
        if state != "succeeded" or not all(file.exists() for file in files):
            return None
        return {file.stat().st_ino for file in files}


@contextmanager
def receiving(receiver: WebhookReceiver) -> Iterator[str]:
    """Let it listen on a free port; gives its URL."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            behaviour = receiver.hear(self.rfile.read(int(self.headers["content-length"])))
            if behaviour == "hangs up":
                self.connection.close()
                return
            self.send_response(TAKEN if behaviour == "takes it" else REFUSED)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
