"""Read a video at a URL as a file whose bytes are requested when they are needed.

FFmpeg's own HTTP reader is not used. Where it can't go on reading, it ends the video
there without a word: a refused reconnection in an MP4, Matroska, AVI or MPEG-TS file
gave fewer frames and no error (measured with FFmpeg 8.1, 2026-11-22).

Sources: RFC 9110, sections 13.1.1 (`If-Match`) and 14 (ranges).
"""

import os
import re
import time
from collections.abc import Callable
from typing import TypeVar

import urllib3
from urllib3.exceptions import HTTPError

from passerby.errors import VideoGone
from passerby.http_ranges import CHANGED, DELETED, NO_SUCH_PART, PART, WHOLE, PinnedUrl

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0

# Seconds before each further attempt; every byte that arrives starts the row again.
PAUSES_S = (0.0, 1.0, 3.0, 7.0)

# Up to this far forward, reading on is quicker than another request.
SKIPPED_BYTES = 256 * 1024

# Statuses of a busy or restarting server; another attempt changes none but these.
BUSY = {429, 500, 502, 503, 504}

CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)")


class RemoteFile:
    """A URL opened as a file, in the form that PyAV takes.

    Every request is for a part. A connection that breaks off is continued where it was.

    Parameters
    ----------
    source : str
        http(s) URL, which may be pinned (`passerby.http_ranges`).

    Raises
    ------
    VideoGone
        Here and when reading: if the URL cannot be read, or the content has changed.
    """

    def __init__(self, source: str) -> None:
        self._url = PinnedUrl(source, CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        self._position = 0  # of the byte that is read next
        self._response: urllib3.BaseHTTPResponse | None = None
        self._response_position = 0  # of the byte that comes next in the response
        self._size: int | None = None  # bytes; None until the first response
        self._failed = False
        try:
            _retry(lambda: self._request(0))
        except VideoGone:
            self.close()
            raise

    def read(self, count: int) -> bytes:
        """Read the next bytes, at most `count`; none at the end only."""
        wanted = min(count, self._end - self._position)
        # FFmpeg reads on after an error before PyAV raises it, and one error is enough.
        if wanted <= 0 or self._failed:
            return b""
        try:
            chunk = _retry(lambda: self._read_some(wanted))
        except VideoGone:
            self._failed = True
            raise
        self._position += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Choose the byte that is read next; nothing is requested yet."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}
        self._position = origins[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return the position of the byte that is read next."""
        return self._position

    def close(self) -> None:
        """Close the connection."""
        self._close_response()
        self._url.close()

    @property
    def _end(self) -> int:
        return self._size or 0

    def _read_some(self, count: int) -> bytes:
        """Read some of `count` bytes at the position; an error leaves no response open."""
        chunk = self._read_once(count)
        if not chunk:
            self._close_response()
            raise HTTPError("the response ended early")
        self._response_position += len(chunk)
        return chunk

    def _read_once(self, count: int) -> bytes:
        try:
            return self._response_at_position().read1(count, decode_content=False)
        except HTTPError:
            self._close_response()
            raise

    def _response_at_position(self) -> urllib3.BaseHTTPResponse:
        ahead = self._position - self._response_position
        if self._response is None or not 0 <= ahead <= SKIPPED_BYTES:
            return self._request(self._position)
        if ahead:
            self._response_position += len(self._response.read(ahead, decode_content=False))
        is_there = self._response_position == self._position
        return self._response if is_there else self._request(self._position)

    def _request(self, start: int) -> urllib3.BaseHTTPResponse:
        """Request the content from byte `start` on."""
        self._close_response()
        response = self._url.get(f"bytes={start}-")
        self._response, self._response_position = response, start
        if response.status in BUSY:
            raise HTTPError(f"the server is busy ({response.status})")
        size = _total_size(response, start)
        if self._size not in (None, size):
            raise VideoGone
        self._size = size
        return response

    def _close_response(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def _total_size(response: urllib3.BaseHTTPResponse, start: int) -> int:
    """Bytes of the whole content, read from the response for the part that begins at `start`."""
    if response.status == NO_SUCH_PART and start == 0:
        return 0
    if response.status in (DELETED, CHANGED):
        raise VideoGone
    length = response.headers.get("Content-Length", "")
    # RFC 9110, section 14.2: a part that is the whole may be given as the whole.
    if response.status == WHOLE and start == 0 and length.isdecimal():
        return int(length)
    if response.status != PART:
        raise VideoGone(f"The video cannot be read: its server answers {response.status}.")
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not match or int(match[1]) != start:
        raise VideoGone("The video cannot be read: its server gives another part of it.")
    return int(match[2])


def _retry(attempt: Callable[[], T]) -> T:
    """Repeat an attempt until it succeeds or the pauses are used up."""
    for pause_s in PAUSES_S:
        try:
            return attempt()
        except HTTPError:
            time.sleep(pause_s)
    try:
        return attempt()
    except HTTPError as error:
        raise VideoGone("The video cannot be read: its server does not answer.") from error
