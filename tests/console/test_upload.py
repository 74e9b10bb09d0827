"""Videos on their way into a bucket."""

import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from .conftest import House
from .visitor import Visitor


def test_an_upload(house: House) -> None:
    visitor, content = house.visitor(), bytes(range(256)) * 1000
    told = [json.loads(visitor.put("/console/uploads/A%20b.mp4", content).text) for _ in range(2)]

    assert told == [
        {"bucket": "incoming", "key": "A b.mp4"},
        {"bucket": "incoming", "key": "A b (2).mp4"},
    ]
    for name in ("A b.mp4", "A b (2).mp4"):
        assert (house.data / "buckets" / "incoming" / name).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        pytest.param("big.mp4", bytes(1_000_001), 413, id="too long"),
        pytest.param("empty.mp4", b"", 400, id="empty"),
        pytest.param("..%2f..%2fsecret.key", b"x", 404, id="another folder"),
        pytest.param("..", b"x", 400, id="the folder above"),
        pytest.param("a%5cb", b"x", 400, id="a backslash"),
        pytest.param("%2ehidden", b"x", 400, id="hidden"),
        pytest.param("a%00b", b"x", 400, id="a zero byte"),
    ],
)
def test_what_cannot_be_uploaded(house: House, name: str, body: bytes, status: int) -> None:
    before = sorted(house.data.rglob("*.mp4"))

    assert house.visitor().put(f"/console/uploads/{name}", body).status == status
    assert sorted(house.data.rglob("*.mp4")) == before


def raw_upload(house: House, name: str, visitor: Visitor, length: str) -> socket.socket:
    parts = urlsplit(house.server.url)
    assert parts.hostname
    assert parts.port
    client = socket.create_connection((parts.hostname, parts.port), timeout=10)
    head = (
        f"PUT /console/uploads/{name} HTTP/1.1\r\nHost: {parts.netloc}\r\n{length}"
        f"Cookie: passerby_session={visitor.cookie}\r\nX-CSRF-Token: {visitor.csrf}\r\n\r\n"
    )
    client.sendall(head.encode())
    return client


def test_half_an_upload_leaves_nothing(house: House) -> None:
    visitor = house.visitor()
    folder = house.data / "buckets" / "incoming"
    with raw_upload(house, "half.mp4", visitor, "Content-Length: 900000\r\n") as client:
        client.sendall(bytes(500_000))
        wait_until(lambda: any(folder.glob(".*.upload")))

    wait_until(lambda: not any(folder.glob(".*.upload")))
    assert not (folder / "half.mp4").exists()


def test_an_upload_of_unknown_length(house: House) -> None:
    chunked = "Transfer-Encoding: chunked\r\n"
    with raw_upload(house, "chunked.mp4", house.visitor(), chunked) as client:
        assert b" 411 " in client.recv(1000)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
