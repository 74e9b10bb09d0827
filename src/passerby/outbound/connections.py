"""Send HTTP requests to exactly the path that was written, watched by a deadline.

urllib3 removes dot segments from the path of a URL (RFC 3986, section 5.2.4). In an object
store `a/../b.mp4` is the name of an object, and another one than `b.mp4`.
"""

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from passerby.outbound.deadline import watch


class WatchedConnection(HTTPConnection):
    """A connection that ends at the deadline of the thread that uses it; also to be mixed in."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        try:
            watch(connection)
        except OSError:  # it is late, or there are too many open files
            connection.close()
            raise
        return connection

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        """Send a request, over an open connection if there is one."""
        if self.sock is not None:
            watch(self.sock)
        super().request(*arguments, **named)


class _WatchedTlsConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS."""


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = WatchedConnection


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


class Connections:
    """Connections to any number of servers. No request is redirected or repeated.

    Parameters
    ----------
    connect_seconds, read_seconds : float
        Longest waits for a connection, and for the next bytes.
    """

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._manager = urllib3.PoolManager(retries=False, timeout=timeout)
        self._manager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTlsPool}

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request; the body of the response is not read yet.

        Returns
        -------
        urllib3.BaseHTTPResponse
            Of any status. Whoever asked closes it.

        Raises
        ------
        urllib3.exceptions.HTTPError
            If there is no response, or none before the deadline of this thread.
        """
        return self._manager.connection_from_url(url).urlopen(
            method,
            request_target(url),
            body=body,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
        )

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._manager.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def request_target(url: str) -> str:
    """Give the path and the query of a URL as they are written.

    >>> request_target("https://host:9000/cctv/a/../b.mp4?X-Amz-Signature=1#etag=2")
    '/cctv/a/../b.mp4?X-Amz-Signature=1'
    >>> request_target("https://host")
    '/'
    """
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
