"""Run an HTTP server: socket, TLS, signals, in this process or in a thread."""

import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from passerby.errors import SettingsError
from passerby.server.http_protocol import IDLE_SECONDS, LimitedProtocol
from passerby.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

logger = logging.getLogger(__name__)

# How long requests under way may take when the server ends.
SHUTDOWN_SECONDS = 10

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def config(app: "Starlette", chosen: Settings) -> uvicorn.Config:
    """Configure uvicorn for an application; raises SettingsError if TLS cannot be used."""
    if (chosen.tls_certificate is None) != (chosen.tls_key is None):
        raise SettingsError("TLS needs both, tls_certificate and tls_key.")
    if chosen.tls_certificate is None and not _is_loopback(chosen.host):
        logger.warning(
            "%s can be reached from elsewhere, and there is no TLS: signatures keep requests "
            "from being forged, but nothing keeps them from being read",
            chosen.host,
        )
    loaded = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could claim any address
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ssl_certfile=chosen.tls_certificate,
        ssl_keyfile=chosen.tls_key,
    )
    try:
        loaded.load()
    except OSError as error:  # of TLS, too
        raise SettingsError(f"The certificate cannot be used: {error}") from error
    return loaded


def listener(host: str, port: int) -> socket.socket:
    """Open a socket that listens; raises SettingsError if that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"The server cannot listen: {error}") from error


def url(chosen: Settings, host: str, port: int) -> str:
    """Give the URL of a server with these settings at an address."""
    scheme = "https" if chosen.tls_certificate else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def exit_on_signals() -> None:
    """Let signals end this process in order, after they have stopped its server.

    uvicorn raises the signal again once it has stopped. Exiting in order then ends what
    runs beside the server first.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: sys.exit())


def say(chosen: Settings, text: str) -> None:
    """Print a message to the user; log it instead if the log is JSON."""
    if chosen.log_format == "json":
        logger.info(text)
    else:
        print(text, file=sys.stderr)


@contextmanager
def in_thread(app: "Starlette") -> Iterator[str]:
    """Serve the application on a free port of 127.0.0.1 while the block runs; gives the URL."""
    chosen = Settings(port=0)
    with listener(chosen.host, chosen.port) as open_socket:
        server = uvicorn.Server(config(app, chosen))
        thread = threading.Thread(target=server.run, args=([open_socket],))
        thread.start()
        try:
            # Whoever connects before the server is ready waits in the socket's queue.
            yield url(chosen, *open_socket.getsockname()[:2])
        finally:
            server.should_exit = True
            thread.join()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
