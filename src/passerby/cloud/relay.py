"""A part of an object in a store, handed on as it comes.

Sources: RFC 9110, sections 13.1.5 (`If-Range`), 14.2 (`Range`) and 14.4 (`Content-Range`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import HTTPError

from passerby.errors import PasserbyError, StoreUnreachable, VideoGone
from passerby.http_ranges import request_of

CHUNK_BYTES = 256 * 1024
TIMEOUT = urllib3.Timeout(connect=5, read=20)

PASSED_ON = ("content-length", "content-range", "etag", "last-modified")
GIVEN = (200, 206, 416)
CHANGED = (404, 410, 412)


@dataclass(frozen=True)
class Part:
    """An answer of the store, its body not yet read."""

    status: int  # 200: all of it, 206: the part, 416: there is no such part
    headers: Mapping[str, str]
    chunks: Iterator[bytes]  # closes the connection at its end


def open_part(location: str, byte_range: str | None) -> Part:
    """Ask for a part of what is at a presigned URL.

    Parameters
    ----------
    location : str
        As of `cloud.s3`: pinned to one state of the content.
    byte_range : str, optional
        Value of the header `Range`; all of it unless given.

    Raises
    ------
    VideoGone
        If the content is not what it was.
    StoreUnreachable
        If the store gives no answer, or refuses.
    """
    url, headers = request_of(location)
    wanted = {} if byte_range is None else {"Range": byte_range}
    pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
    try:
        answer = pool.request("GET", url, headers=headers | wanted, preload_content=False)
    except HTTPError as error:
        pool.clear()
        raise StoreUnreachable from error
    if answer.status not in GIVEN:
        answer.close()
        pool.clear()
        raise _refusal(answer.status)
    passed = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
    return Part(answer.status, passed, _chunks(pool, answer))


def _refusal(status: int) -> PasserbyError:
    return VideoGone() if status in CHANGED else StoreUnreachable()


def _chunks(pool: urllib3.PoolManager, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(CHUNK_BYTES, decode_content=False)
    except HTTPError as error:
        raise StoreUnreachable from error
    finally:
        answer.close()
        pool.clear()
