import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from passerby.server.request_body import read_body

ENDLESS = [b"12345"] * 1000


def read(chunks: list[bytes], *, leaves: bool = False) -> tuple[bytes | None, int]:
    """Read a body that comes in chunks, at most 8 bytes; gives how many were taken, too."""
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if taken == len(chunks):
            return {"type": "http.disconnect"}
        taken += 1
        more = leaves or taken < len(chunks)
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": more}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return asyncio.run(read_body(request, limit=8)), taken


@pytest.mark.parametrize(
    ("chunks", "body"),
    [
        pytest.param([b""], b"", id="nothing"),
        pytest.param([b"1234", b"", b"5678"], b"12345678", id="as long as the limit"),
        pytest.param([b"1234", b"56789"], None, id="longer by one"),
        pytest.param([b"123456789"], None, id="longer at once"),
    ],
)
def test_read_body(chunks: list[bytes], body: bytes | None) -> None:
    assert read(chunks) == (body, len(chunks))


def test_no_more_is_read_than_needed() -> None:
    assert read(ENDLESS) == (None, 2)


def test_a_client_that_leaves() -> None:
    with pytest.raises(ClientDisconnect):
        read([b"1234"], leaves=True)
