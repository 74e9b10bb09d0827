"""A server that never comes to the end of its answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.waiting import wait_until

DRIP_SECONDS = 0.02


@dataclass
class Drips:
    """A server that sends one byte of its headers after another."""

    url: str
    connections: int = 0
    begun: bool = False  # whether a request has come
    dropped: threading.Event = field(default_factory=threading.Event)  # by a client


@contextmanager
def dripping(beginning: bytes = b"HTTP/1.1 200 OK\r\nX-A: ") -> Iterator[Drips]:
    """Let one run on a free port of 127.0.0.1 while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drips = Drips(f"http://127.0.0.1:{listener.getsockname()[1]}")
        stop = threading.Event()
        thread = threading.Thread(target=_accept, args=(listener, drips, beginning, stop))
        thread.start()
        try:
            yield drips
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def ask_dripping(drips: Drips, ask: Callable[[], object]) -> None:
    """Ask until the server was reached, and wait until the client has given up.

    `ask` checks that there was no answer in time. A slow machine may be late before it has
    even connected; nobody connects more often than asked.
    """
    asked = 0
    while not drips.connections:
        ask()
        asked += 1
    wait_until(drips.dropped.is_set)
    assert drips.connections <= asked


def _accept(listener: socket.socket, drips: Drips, beginning: bytes, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:  # shut down at the end
            return
        drips.connections += 1
        arguments = (connection, drips, beginning, stop)
        threading.Thread(target=_drip, args=arguments, daemon=True).start()


def _drip(connection: socket.socket, drips: Drips, beginning: bytes, stop: threading.Event) -> None:
    with connection:
        try:
            if beginning:
                drips.begun = bool(connection.recv(65536))
                connection.sendall(beginning)
            while not stop.is_set():
                connection.sendall(b"a")
                time.sleep(DRIP_SECONDS)
        except OSError:
            drips.dropped.set()
