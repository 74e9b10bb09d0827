"""Give requests to other machines a total time, after which their connections are shut down.

The timeouts of sockets are for one read or write each: a server that sends a byte now and
then is waited for without end. A deadline counts from its start, whatever arrives.
"""

import os
import socket
import threading
import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


class Deadline:
    """A total time for all requests of one thread while the block lasts.

    At its end, the watched connections are shut down, so that whoever reads or writes
    gets an error at once; later connections are refused. The block then ends with
    TimeoutError, whatever else happened in it. Looking up the name of a host is not
    interrupted.

    Parameters
    ----------
    seconds : float
        From the beginning of the block.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        # Duplicates: TLS takes the socket of a connection over, and a number that was
        # closed may belong to another connection by the time it is shut down.
        self._watched: list[socket.socket] = []
        self._ends_at = float("inf")
        self._expired = False
        self._timer: threading.Timer | None = None
        self._token: Token[Deadline | None] | None = None

    def __enter__(self) -> Self:
        self._ends_at = time.monotonic() + self._seconds
        self._timer = threading.Timer(self._seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._timer is not None  # noqa: S101 - set at the beginning of the block
        assert self._token is not None  # noqa: S101 - likewise
        self._timer.cancel()
        _current.reset(self._token)
        with self._lock:
            for duplicate in self._watched:
                duplicate.close()
            self._watched.clear()
        # What was read up to the cut may look like the whole: headers need no end for
        # `http.client`.
        if self._expired and (error is None or isinstance(error, Exception)):
            raise self._late() from error

    @property
    def expired(self) -> bool:
        """Whether the time is over."""
        return self._expired or time.monotonic() >= self._ends_at

    def check(self) -> None:
        """Raise TimeoutError if the time is over."""
        if self.expired:
            raise self._late()

    def watch(self, connection: socket.socket) -> None:
        """Shut a connection down at the end of the time; raises TimeoutError if that is over."""
        with self._lock:
            self.check()
            self._watched.append(socket.socket(fileno=os.dup(connection.fileno())))

    def _late(self) -> TimeoutError:
        return TimeoutError(f"there was no answer within {self._seconds:g} seconds")

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            for duplicate in self._watched:
                _shut_down(duplicate)


def watch(connection: socket.socket) -> None:
    """Shut a connection down at the deadline of this thread, if there is one."""
    deadline = _current.get()
    if deadline is not None:
        deadline.watch(connection)


def check_deadline() -> None:
    """Raise TimeoutError if the deadline of this thread is over."""
    deadline = _current.get()
    if deadline is not None:
        deadline.check()


def _shut_down(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # closed by the other side already
        return
