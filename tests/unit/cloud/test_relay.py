import socket

import pytest

from passerby.cloud.relay import request_part
from passerby.errors import PasserbyError, StoreUnreachable, VideoGone
from passerby.http_ranges import pin_url

from .conftest import ScriptedStore

CONTENT = bytes(range(256)) * 4_000  # several chunks


def location(store: ScriptedStore) -> str:
    return pin_url(f"{store.url}/cctv/a.mp4?X-Amz-Signature=1", '"1"')


def test_a_part_is_handed_on_as_it_comes(store: ScriptedStore) -> None:
    store.now(206, CONTENT, Content_Range="bytes 5-1024004/2000000", ETag='"1"', X_Amz_Id="secret")

    part = request_part(location(store), "bytes=5-")

    assert part.status == 206
    assert b"".join(part.chunks) == CONTENT
    assert {name.lower(): value for name, value in part.headers.items()} == {
        "content-length": str(len(CONTENT)),
        "content-range": "bytes 5-1024004/2000000",
        "etag": '"1"',
    }
    ((method, path, headers),) = store.asked
    assert (method, path) == ("GET", "/cctv/a.mp4?X-Amz-Signature=1")
    assert (headers["Range"], headers["If-Match"]) == ("bytes=5-", '"1"')


def test_all_of_it(store: ScriptedStore) -> None:
    store.now(200, CONTENT)

    part = request_part(location(store), None)

    assert b"".join(part.chunks) == CONTENT
    assert "Range" not in store.asked[0][2]


def test_a_part_beyond_the_end(store: ScriptedStore) -> None:
    store.now(416, Content_Range="bytes */10")

    part = request_part(location(store), "bytes=10-")

    assert (part.status, part.headers["content-range"]) == (416, "bytes */10")
    assert b"".join(part.chunks) == b""


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        pytest.param(302, StoreUnreachable, id="redirected"),
        pytest.param(403, StoreUnreachable, id="forbidden"),
        pytest.param(404, VideoGone, id="deleted"),
        pytest.param(412, VideoGone, id="changed"),
        pytest.param(503, StoreUnreachable, id="busy"),
    ],
)
def test_refusals(store: ScriptedStore, status: int, meaning: type[PasserbyError]) -> None:
    store.now(status)

    with pytest.raises(meaning):
        request_part(location(store), "bytes=0-")


def test_what_breaks_off_is_not_taken_for_whole(store: ScriptedStore) -> None:
    store.now(200, CONTENT, Content_Length=str(len(CONTENT) + 1), Connection="close")
    part = request_part(location(store), None)

    with pytest.raises(StoreUnreachable):
        list(part.chunks)


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(StoreUnreachable):
        request_part(f"http://127.0.0.1:{port}/cctv/a.mp4", None)


def test_a_store_that_refuses_its_own_tag(store: ScriptedStore) -> None:
    store.now(206, CONTENT[:10], ETag='"1"', Content_Range=f"bytes 0-9/{len(CONTENT)}")
    store.refuses_conditions = True

    part = request_part(pin_url(f"{store.url}/cctv/a.mp4", '"1"'), "bytes=0-9")

    assert (part.status, b"".join(part.chunks)) == (206, CONTENT[:10])


def test_another_content_is_not_passed_on(store: ScriptedStore) -> None:
    store.now(206, CONTENT[:10], ETag='"2"', Content_Range=f"bytes 0-9/{len(CONTENT)}")

    with pytest.raises(VideoGone):
        request_part(pin_url(f"{store.url}/cctv/a.mp4", '"1"'), "bytes=0-9")
