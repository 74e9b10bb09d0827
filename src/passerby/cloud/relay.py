"""Pass a part of an object in a store on as it arrives.

Sources: RFC 9110, sections 13.1.5 (`If-Range`), 14.2 (`Range`) and 14.4 (`Content-Range`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import HTTPError

from passerby.cloud.refused_tags import report_refused_tag
from passerby.errors import PasserbyError, StoreUnreachable, VideoGone
from passerby.http_ranges import CHANGED, DELETED, NO_SUCH_PART, PART, WHOLE, PinnedUrl

CHUNK_BYTES = 256 * 1024

FORWARDED_HEADERS = ("content-length", "content-range", "etag", "last-modified")
GONE = 410


@dataclass(frozen=True)
class PartResponse:
    """A response of the store, its body not yet read."""

    status: int  # 200: the whole object, 206: the part, 416: there is no such part
    headers: Mapping[str, str]
    chunks: Iterator[bytes]  # closes the connection at its end


def request_part(location: str, byte_range: str | None) -> PartResponse:
    """Request a part of what is at a presigned URL.

    Parameters
    ----------
    location : str
        As of `cloud.s3`: pinned to one state of the content.
    byte_range : str, optional
        Value of the header `Range`; the whole object unless given.

    Raises
    ------
    VideoGone
        If the content is not what it was.
    StoreUnreachable
        If the store gives no response, or refuses.
    """
    url = PinnedUrl(location)
    try:
        response = url.get(byte_range)
    except VideoGone:
        url.close()
        raise
    except HTTPError as error:
        url.close()
        raise StoreUnreachable from error
    report_refused_tag(url)
    if response.status not in (WHOLE, PART, NO_SUCH_PART):
        response.close()
        url.close()
        raise _translate_status(response.status)
    headers = {
        name: response.headers[name] for name in FORWARDED_HEADERS if name in response.headers
    }
    return PartResponse(response.status, headers, _read_chunks(url, response))


def _translate_status(status: int) -> PasserbyError:
    return VideoGone() if status in (DELETED, GONE, CHANGED) else StoreUnreachable()


def _read_chunks(url: PinnedUrl, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(CHUNK_BYTES, decode_content=False)
    except HTTPError as error:
        raise StoreUnreachable from error
    finally:
        response.close()
        url.close()
