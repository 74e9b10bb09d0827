"""A copy of an object for as long as a job lasts, where its store gives no parts of it.

A video is read here and there: its index at the end, then the pictures. A store that
answers a request for a part with the whole object would send it a hundred times.
"""

import errno
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import urllib3
from urllib3.exceptions import HTTPError

from passerby.cloud.objects import ObjectFacts
from passerby.errors import PasserbyError, StoreUnreachable, TooLittleSpace, VideoGone
from passerby.http_ranges import request_of

ATTEMPTS = 3
PAUSE_SECONDS = 1.0  # between two of them
CHUNK_BYTES = 1024 * 1024
TIMEOUT = urllib3.Timeout(connect=5, read=20)

WHOLE, PART, NO_SUCH_PART, BUSY = 200, 206, 416, 429
CLIENT_ERRORS = range(400, 500)


def gives_parts(location: str) -> bool:
    """Whether any part of what is there can be read by itself.

    Raises
    ------
    VideoGone, StoreUnreachable
    """
    if not location.startswith(("http://", "https://")):
        return True
    with _answer(location, {"Range": "bytes=0-0"}) as answer:
        # An empty object has no first byte, and nothing to copy either.
        return answer.status in (PART, NO_SUCH_PART)


@contextmanager
def copied(found: ObjectFacts, folder: Path, on_bytes: Callable[[], None]) -> Iterator[Path]:
    """Copy an object into `folder`, which is emptied first and gone after the block.

    Raises
    ------
    TooLittleSpace
        If it would not fit on the disk.
    VideoGone, StoreUnreachable
    """
    # What a killed worker left of the same job.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if shutil.disk_usage(folder).free < found.size_bytes:
            raise TooLittleSpace
        path = folder / "video"
        _fetch(found, path, on_bytes)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(found: ObjectFacts, path: Path, on_bytes: Callable[[], None]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            with path.open("wb") as file:
                _write(found, file, on_bytes)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise TooLittleSpace from error
        except StoreUnreachable:
            if attempt + 1 == ATTEMPTS:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _write(found: ObjectFacts, file: BinaryIO, on_bytes: Callable[[], None]) -> None:
    """Write the whole object; one byte too many or too few is none of it."""
    with _answer(found.location, {}) as answer:
        for chunk in _chunks(answer):
            file.write(chunk)
            on_bytes()
            if file.tell() > found.size_bytes:
                raise VideoGone
    if file.tell() < found.size_bytes:
        raise StoreUnreachable


def _chunks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(CHUNK_BYTES, decode_content=False)
    except HTTPError as error:
        raise StoreUnreachable from error


@contextmanager
def _answer(location: str, extra: dict[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
    """Answer to one GET, its body not yet read; redirected nowhere."""
    url, headers = request_of(location)
    with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as pool:
        try:
            answer = pool.request("GET", url, headers=headers | extra, preload_content=False)
        except HTTPError as error:
            raise StoreUnreachable from error
        try:
            if answer.status not in (WHOLE, PART, NO_SUCH_PART):
                raise _refusal(answer.status)
            yield answer
        finally:
            answer.close()


def _refusal(status: int) -> PasserbyError:
    if status in CLIENT_ERRORS and status != BUSY:
        return VideoGone()
    return StoreUnreachable()
