"""What is read where the source is a URL: a file whose bytes come when they are asked for.

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
from passerby.http_ranges import request_of

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0

# Seconds before each further try; the row begins anew with every byte that comes.
PAUSES_S = (0.0, 1.0, 3.0, 7.0)

# So far forward, reading on is quicker than asking anew.
SKIPPED_BYTES = 256 * 1024

PART, NO_SUCH_PART = 206, 416
DELETED, CHANGED = 404, 412

# What a busy or restarting server answers; anything else won't change by asking again.
BUSY = {429, 500, 502, 503, 504}

CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)")


class RemoteFile:
    """A URL opened as a file, in the form that PyAV takes.

    Every request is for a part, for one state of the content if the source is pinned,
    and redirected nowhere. A connection that breaks off is taken up where it was.

    Parameters
    ----------
    source : str
        http(s) URL, which may be pinned (`passerby.http_ranges`).

    Raises
    ------
    VideoGone
        Here and when reading: if that can't be done, or the content has changed.
    """

    def __init__(self, source: str) -> None:
        self._url, self._headers = request_of(source)
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout)
        self._position = 0  # of the byte that is read next
        self._answer: urllib3.BaseHTTPResponse | None = None
        self._answer_position = 0  # of the byte that comes next in the answer
        self._size: int | None = None  # bytes; None until the first answer
        self._failed = False
        try:
            _patiently(lambda: self._ask(0))
        except VideoGone:
            self.close()
            raise

    def read(self, count: int) -> bytes:
        """Give the next bytes, at most `count`; none at the end only."""
        wanted = min(count, self._end - self._position)
        # FFmpeg reads on after an error, before PyAV raises it. There is but one to tell.
        if wanted <= 0 or self._failed:
            return b""
        try:
            chunk = _patiently(lambda: self._received(wanted))
        except VideoGone:
            self._failed = True
            raise
        self._position += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Choose the byte that is read next; nothing is asked for yet."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}
        self._position = origins[whence] + offset
        return self._position

    def tell(self) -> int:
        """Position of the byte that is read next."""
        return self._position

    def close(self) -> None:
        """End the connection."""
        self._hang_up()
        self._pool.clear()

    @property
    def _end(self) -> int:
        return self._size or 0

    def _received(self, count: int) -> bytes:
        """Read some of `count` bytes at the position; an error leaves no answer open."""
        chunk = self._taken(count)
        if not chunk:
            self._hang_up()
            raise HTTPError("the answer ended early")
        self._answer_position += len(chunk)
        return chunk

    def _taken(self, count: int) -> bytes:
        try:
            return self._answer_at_position().read1(count, decode_content=False)
        except HTTPError:
            self._hang_up()
            raise

    def _answer_at_position(self) -> urllib3.BaseHTTPResponse:
        ahead = self._position - self._answer_position
        if self._answer is None or not 0 <= ahead <= SKIPPED_BYTES:
            return self._ask(self._position)
        if ahead:
            self._answer_position += len(self._answer.read(ahead, decode_content=False))
        is_there = self._answer_position == self._position
        return self._answer if is_there else self._ask(self._position)

    def _ask(self, start: int) -> urllib3.BaseHTTPResponse:
        """Have an answer that begins at byte `start`."""
        self._hang_up()
        headers = self._headers | {"Range": f"bytes={start}-"}
        answer = self._pool.request("GET", self._url, headers=headers, preload_content=False)
        self._answer, self._answer_position = answer, start
        if answer.status in BUSY:
            raise HTTPError(f"the server is busy ({answer.status})")
        size = _size_of(answer, start)
        if self._size not in (None, size):
            raise VideoGone
        self._size = size
        return answer

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def _size_of(answer: urllib3.BaseHTTPResponse, start: int) -> int:
    """Bytes of the whole, as told with the part that begins at `start`."""
    if answer.status == NO_SUCH_PART and start == 0:
        return 0
    if answer.status in (DELETED, CHANGED):
        raise VideoGone
    if answer.status != PART:
        raise VideoGone(f"The video cannot be read: its server answers {answer.status}.")
    told = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not told or int(told[1]) != start:
        raise VideoGone("The video cannot be read: its server gives another part of it.")
    return int(told[2])


def _patiently(attempt: Callable[[], T]) -> T:
    """Try until it works or the pauses are used up."""
    for pause_s in PAUSES_S:
        try:
            return attempt()
        except HTTPError:
            time.sleep(pause_s)
    try:
        return attempt()
    except HTTPError as error:
        raise VideoGone("The video cannot be read: its server does not answer.") from error
