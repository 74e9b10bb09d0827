"""How long a client may take, and how much it may say before its request begins.

uvicorn limits neither; without limits, whoever opens connections and then dawdles
takes them from the others.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Between two requests. AWS clients keep connections open, and send again on a new one
# where theirs was closed.
IDLE_SECONDS = 65


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with one client.

    The application can mark a request whose sender it knows, in the state of its scope:
    `patient` for a body that may take long as long as it comes on, `endless` for an answer
    that ends with the server.
    """

    #: From the first byte of a request, or from the connection, to the request's end.
    REQUEST_SECONDS = 20.0
    #: What must come of a patient request in each such time.
    PATIENT_BYTES = 64 * 1024
    #: Without the client taking any of an answer that the system could not take over.
    READING_SECONDS = 30.0
    #: For the client to agree to the end of TLS when the server ends.
    CLOSING_SECONDS = 0.5
    #: Request line and headers. A signed request of an AWS client has some 1.5 KB.
    HEAD_BYTES_LIMIT = 32 * 1024

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._request_ends: asyncio.TimerHandle | None = None
        self._reading_ends: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = 0  # None once the head is whole
        self._came_bytes = 0  # since the wait for the request began, or was renewed

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        _cancel(self._request_ends)
        _cancel(self._reading_ends)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too long."""
        self._await_request()
        self._came_bytes += len(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if (self._head_bytes or 0) > self.HEAD_BYTES_LIMIT and not self.transport.is_closing():
            self.logger.warning("a request had more than %d bytes of head", self.HEAD_BYTES_LIMIT)
            self.send_400_response("Request line or headers too long.")

    def on_headers_complete(self) -> None:
        """Count no further: the body has its own limit."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the whole request is here."""
        self._head_bytes = 0
        _cancel(self._request_ends)
        self._request_ends = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._reading_ends = self.loop.call_later(self.READING_SECONDS, self._give_up)

    def resume_writing(self) -> None:
        """Note that the client reads on."""
        _cancel(self._reading_ends)
        super().resume_writing()

    def shutdown(self) -> None:
        """End an idle connection, soon also one whose client does not end it as well."""
        super().shutdown()
        if self._is_marked("endless"):
            self.transport.close()
        if self.transport.is_closing():
            self.loop.call_later(self.CLOSING_SECONDS, self._give_up)

    def _await_request(self) -> None:
        if self._request_ends is None:
            self._came_bytes = 0
            self._request_ends = self.loop.call_later(self.REQUEST_SECONDS, self._wait_on)

    def _wait_on(self) -> None:
        """Give the request up, unless it may take long and comes on."""
        comes_on = self._came_bytes >= self.PATIENT_BYTES or self.flow.read_paused
        if not (self._is_marked("patient") and comes_on):
            self._give_up()
            return
        self._request_ends = None
        self._await_request()

    def _is_marked(self, mark: str) -> bool:
        return self.scope is not None and bool(self.scope["state"].get(mark))

    def _give_up(self) -> None:
        # Not `close`: that would wait for the client to take what was written.
        self.transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
