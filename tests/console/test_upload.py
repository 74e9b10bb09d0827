"""Videos on their way into a bucket."""

import json
import socket
from urllib.parse import urlsplit

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from .conftest import ConsoleServer
from .user import User


def test_an_upload(console: ConsoleServer) -> None:
    key, content = console.key(), bytes(range(256)) * 1000
    user, folder = console.user(key), key.account_id
    told = [json.loads(user.put("/console/uploads/A%20b.mp4", content).text) for _ in range(2)]

    assert told == [
        {"bucket": "incoming", "key": f"{folder}/A b.mp4"},
        {"bucket": "incoming", "key": f"{folder}/A b (2).mp4"},
    ]
    for name in ("A b.mp4", "A b (2).mp4"):
        assert (console.data / "buckets" / "incoming" / folder / name).read_bytes() == content


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
def test_what_cannot_be_uploaded(
    console: ConsoleServer, name: str, body: bytes, status: int
) -> None:
    before = sorted(console.data.rglob("*.mp4"))

    assert console.user().put(f"/console/uploads/{name}", body).status == status
    assert sorted(console.data.rglob("*.mp4")) == before


def raw_upload(console: ConsoleServer, name: str, user: User, length: str) -> socket.socket:
    parts = urlsplit(console.server.url)
    assert parts.hostname
    assert parts.port
    client = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)
    head = (
        f"PUT /console/uploads/{name} HTTP/1.1\r\nHost: {parts.netloc}\r\n{length}"
        f"Cookie: passerby_session={user.cookie}\r\nX-CSRF-Token: {user.csrf}\r\n\r\n"
    )
    client.sendall(head.encode())
    return client


def test_half_an_upload_leaves_nothing(console: ConsoleServer) -> None:
    key = console.key()
    user = console.user(key)
    folder = console.data / "buckets" / "incoming" / key.account_id
    with raw_upload(console, "half.mp4", user, "Content-Length: 900000\r\n") as client:
        client.sendall(bytes(500_000))
        wait_until(lambda: any(folder.glob(".*.upload")))

    wait_until(lambda: not any(folder.glob(".*.upload")))
    assert not (folder / "half.mp4").exists()


def test_an_upload_of_unknown_length(console: ConsoleServer) -> None:
    chunked = "Transfer-Encoding: chunked\r\n"
    with raw_upload(console, "chunked.mp4", console.user(), chunked) as client:
        assert b" 411 " in client.recv(1000)


def test_accounts_do_not_see_uploads_of_each_other(console: ConsoleServer) -> None:
    key = console.key()
    user, other = console.user(key), console.user()
    user.put("/console/uploads/mine.mp4", b"a film")
    name, folder = f"{key.account_id}/mine.mp4", f"{key.account_id}/"

    assert "mine.mp4" in user.get(f"/console/start?bucket=incoming&prefix={folder}").text
    assert "mine.mp4" not in other.get(f"/console/start?bucket=incoming&prefix={folder}").text
    assert folder not in other.get("/console/start?bucket=incoming").text
    form = {"bucket": "incoming", "key": name, "token": "t" * 16}
    assert other.post("/console/start", **form).status == 403
    assert user.post("/console/start", **form).status == 303


def test_the_first_account_uploads_into_the_bucket_itself(console: ConsoleServer) -> None:
    user = console.user(console.keys.create())

    told = json.loads(user.put("/console/uploads/first.mp4", b"a film").text)

    assert told == {"bucket": "incoming", "key": "first.mp4"}
    assert (console.data / "buckets" / "incoming" / "first.mp4").read_bytes() == b"a film"
