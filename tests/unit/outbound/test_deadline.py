import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.dripping import ask_dripping, dripping
from tests.waiting import wait_until
from urllib3.exceptions import HTTPError

from passerby.outbound.connections import Connections
from passerby.outbound.deadline import Deadline, check_deadline, watch


def test_a_block_that_ends_in_time() -> None:
    with Deadline(60) as deadline:
        check_deadline()

    assert not deadline.expired


def read_until_late(connection: socket.socket) -> None:
    with Deadline(0.1):
        watch(connection)
        assert connection.recv(1) == b""


def test_a_read_is_cut_off() -> None:
    near, far = socket.socketpair()
    with near, far:
        with pytest.raises(TimeoutError, match=r"within 0\.1 seconds"):
            read_until_late(near)

        assert far.recv(1) == b""


def test_what_was_not_cut_off_stays_open() -> None:
    near, far = socket.socketpair()
    with near, far:
        with Deadline(60):
            watch(near)

        far.sendall(b"a")
        assert near.recv(1) == b"a"


def fail_for_the_cut(connection: socket.socket) -> None:
    with Deadline(0.1):
        watch(connection)
        connection.recv(1)
        raise ValueError("the answer was cut off")


def test_an_error_that_the_cut_caused_is_a_timeout() -> None:
    near, far = socket.socketpair()
    with near, far, pytest.raises(TimeoutError) as late:
        fail_for_the_cut(near)

    assert isinstance(late.value.__cause__, ValueError)


def request_late(url: str) -> None:
    with Connections(5, 5) as connections, Deadline(0) as deadline:
        wait_until(lambda: deadline.expired)
        with pytest.raises(HTTPError):
            connections.request("GET", url, {})


def test_no_request_is_sent_when_it_is_late() -> None:
    with dripping() as drips:
        with pytest.raises(TimeoutError):
            request_late(drips.url)

        assert not drips.begun


def check_in_another_thread() -> bool:
    with ThreadPoolExecutor(1) as pool, Deadline(0) as deadline:
        wait_until(lambda: deadline.expired)
        return pool.submit(check_deadline).exception() is None


def test_another_thread_has_no_deadline() -> None:
    with pytest.raises(TimeoutError):
        assert check_in_another_thread()


@pytest.mark.parametrize(
    ("scheme", "beginning"),
    [
        pytest.param("http", b"HTTP/1.1 200 OK\r\nX-A: ", id="headers"),
        pytest.param("http", b"", id="a status line"),
        pytest.param("https", b"\x16\x03\x03\x3f\xff", id="a TLS handshake"),
    ],
)
def test_a_server_that_drips(scheme: str, beginning: bytes) -> None:
    with dripping(beginning) as drips, Connections(5, 5) as connections:
        address = drips.url.replace("http", scheme, 1)

        def ask() -> None:
            with pytest.raises(TimeoutError), Deadline(0.3):
                connections.request("POST", address, {}, b"a message")

        ask_dripping(drips, ask)


def test_a_connection_that_is_used_again_is_watched_again() -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            while connection.recv(65536):  # the second request, then the end
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener, Connections(5, 60) as connections:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=serve)
        thread.start()
        assert connections.request("GET", url, {}).read() == b"ok"

        with pytest.raises(TimeoutError), Deadline(0.2):
            connections.request("GET", url, {})
        thread.join()
