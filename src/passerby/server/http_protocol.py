"""HTTP protocol with limits on the time and on the header size of a client.

uvicorn limits neither. Without limits, clients that open connections and then dawdle
take them from the others.
"""

import asyncio
import resource
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Between two requests. AWS clients keep connections open, and send again on a new one
# where theirs was closed.
IDLE_SECONDS = 65
# File descriptors that connections leave to everything else: databases, results, stores.
RESERVED_FILES = 128
# Between two lines in the log about connections that were too many.
COMPLAINT_SECONDS = 60.0


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with one client.

    The application can mark a request of a known sender, in the state of its scope:
    `patient` for a body that may take long while it makes progress, `endless` for an
    answer that ends with the server.
    """

    #: Time from the first byte of a request, or from the connection, to the request's end.
    REQUEST_SECONDS = 20.0
    #: Bytes that a patient request must send in each such time.
    PATIENT_BYTES = 64 * 1024
    #: Time in which the client must read some of an answer that fills the socket's buffer.
    READING_SECONDS = 30.0
    #: Time for the client to close TLS when the server ends.
    CLOSING_SECONDS = 0.5
    #: Size of request line and headers. A signed request of an AWS client has some 1.5 KB.
    HEAD_BYTES_LIMIT = 32 * 1024
    #: When a line about too many connections was logged last, on the monotonic clock.
    complained_at = -COMPLAINT_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._request_ends: asyncio.TimerHandle | None = None
        self._reading_ends: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = 0  # None once the head is whole
        self._received_bytes = 0  # since the wait for the request began, or was renewed

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first request; close a connection too many."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_limit():
            self._complain()
            self._abort()
            return
        self._start_request_limit()

    @staticmethod
    def connections_limit() -> int:
        """Number of connections that this process may have."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return max(files - RESERVED_FILES, files // 2)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all time limits."""
        _cancel(self._request_ends)
        _cancel(self._reading_ends)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head of the request is too long."""
        self._start_request_limit()
        self._received_bytes += len(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if (self._head_bytes or 0) > self.HEAD_BYTES_LIMIT and not self.transport.is_closing():
            self.logger.warning("a request had more than %d bytes of head", self.HEAD_BYTES_LIMIT)
            self.send_400_response("Request line or headers too long.")

    def on_headers_complete(self) -> None:
        """Stop counting; the body has its own limit."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the time limit of this request."""
        self._head_bytes = 0
        _cancel(self._request_ends)
        self._request_ends = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Start the time limit for the client to read."""
        super().pause_writing()
        self._reading_ends = self.loop.call_later(self.READING_SECONDS, self._abort)

    def resume_writing(self) -> None:
        """End the time limit for the client to read."""
        _cancel(self._reading_ends)
        super().resume_writing()

    def shutdown(self) -> None:
        """Close an idle connection; abort it if the client does not close it in time."""
        super().shutdown()
        if self._is_marked("endless"):
            self.transport.close()
        if self.transport.is_closing():
            self.loop.call_later(self.CLOSING_SECONDS, self._abort)

    def _complain(self) -> None:
        """Log that there are too many connections, but not for each of them."""
        now = time.monotonic()
        if now - LimitedProtocol.complained_at >= COMPLAINT_SECONDS:
            LimitedProtocol.complained_at = now
            self.logger.warning("%d connections are open: more are closed", len(self.connections))

    def _start_request_limit(self) -> None:
        if self._request_ends is None:
            self._received_bytes = 0
            self._request_ends = self.loop.call_later(self.REQUEST_SECONDS, self._check_progress)

    def _check_progress(self) -> None:
        """Abort a request that is late, unless it is marked `patient` and makes progress."""
        makes_progress = self._received_bytes >= self.PATIENT_BYTES or self.flow.read_paused
        if not (self._is_marked("patient") and makes_progress):
            self._abort()
            return
        self._request_ends = None
        self._start_request_limit()

    def _is_marked(self, mark: str) -> bool:
        return self.scope is not None and bool(self.scope["state"].get(mark))

    def _abort(self) -> None:
        # Not `close`: that would wait for the client to take what was written.
        self.transport.abort()


def allow_many_files() -> None:
    """Raise the limit of open files of this process as far as its user may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
