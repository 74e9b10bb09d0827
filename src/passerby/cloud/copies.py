"""Copy an object to a local file while a job lasts, if its store gives no parts of it.

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
from passerby.cloud.refused_tags import report_refused_tag
from passerby.errors import PasserbyError, StoreUnreachable, TooLittleSpace, VideoGone
from passerby.http_ranges import NO_SUCH_PART, PART, WHOLE, PinnedUrl

ATTEMPTS = 3
PAUSE_SECONDS = 1.0  # between two of them
CHUNK_BYTES = 1024 * 1024

BUSY = 429
CLIENT_ERRORS = range(400, 500)


def supports_ranges(location: str) -> bool:
    """Say whether parts of what is at a location can be read by themselves.

    Raises
    ------
    VideoGone, StoreUnreachable
    """
    if not location.startswith(("http://", "https://")):
        return True
    with _get(location, "bytes=0-0") as response:
        # An empty object has no first byte, and nothing to copy either.
        return response.status in (PART, NO_SUCH_PART)


@contextmanager
def local_copy(facts: ObjectFacts, folder: Path, on_bytes: Callable[[], None]) -> Iterator[Path]:
    """Copy an object into `folder`, which is emptied before the block and removed after it.

    Raises
    ------
    TooLittleSpace
        If it would not fit on the disk.
    VideoGone, StoreUnreachable
    """
    # A killed worker may have left files of the same job.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if shutil.disk_usage(folder).free < facts.size_bytes:
            raise TooLittleSpace
        path = folder / "video"
        _download(facts, path, on_bytes)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(facts: ObjectFacts, path: Path, on_bytes: Callable[[], None]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            with path.open("wb") as file:
                _write(facts, file, on_bytes)
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


def _write(facts: ObjectFacts, file: BinaryIO, on_bytes: Callable[[], None]) -> None:
    """Write the whole object; a size that is one byte off is an error."""
    with _get(facts.location) as response:
        for chunk in _read_chunks(response):
            file.write(chunk)
            on_bytes()
            if file.tell() > facts.size_bytes:
                raise VideoGone
    if file.tell() < facts.size_bytes:
        raise StoreUnreachable


def _read_chunks(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(CHUNK_BYTES, decode_content=False)
    except HTTPError as error:
        raise StoreUnreachable from error


@contextmanager
def _get(location: str, byte_range: str | None = None) -> Iterator[urllib3.BaseHTTPResponse]:
    """Request an object or a part of it; translate refusals into errors."""
    with PinnedUrl(location) as url:
        try:
            response = url.get(byte_range)
        except HTTPError as error:
            raise StoreUnreachable from error
        report_refused_tag(url)
        try:
            if response.status not in (WHOLE, PART, NO_SUCH_PART):
                raise _translate_status(response.status)
            yield response
        finally:
            response.close()


def _translate_status(status: int) -> PasserbyError:
    if status in CLIENT_ERRORS and status != BUSY:
        return VideoGone()
    return StoreUnreachable()
