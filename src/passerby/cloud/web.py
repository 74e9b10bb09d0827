"""Look up what is at a web address, in the form of an object in a store.

Sources: RFC 9110, sections 8.6 (`Content-Length`), 8.8 (validators), 14 (ranges) and 15.4
(redirections).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import HTTPError, LocationValueError

from passerby.cloud.objects import ObjectFacts
from passerby.errors import (
    ObjectError,
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    StoreUnreachable,
)
from passerby.http_ranges import NO_SUCH_PART, PART, WHOLE, PinnedUrl, is_url, pin_url

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5

FORBIDDEN = {401, 403, 407}
BUSY = 429
SERVER_ERRORS = range(500, 600)

TOTAL = re.compile(r"bytes (?:[0-9]+-[0-9]+|\*)/([0-9]+)")

DOWNLOAD = "Download it first: curl -fLo video.mp4 ADDRESS"


@dataclass(frozen=True)
class WebAddresses:
    """What is at http(s) addresses, as the objects of one bucket; each key is an address."""

    def head(self, _bucket: str, key: str, _version: str | None = None) -> ObjectFacts:
        """Request the first byte of what is at an address, and return its facts.

        Raises
        ------
        ObjectNotFound
            If there is nothing, or its server tells no size.
        ObjectForbidden
            If its server wants a login, or redirects to where nobody should follow.
        StoreUnreachable
            If there is no response, or the server fails.
        """
        url, status, headers = _follow(key)
        if status not in (WHOLE, PART, NO_SUCH_PART):
            raise _translate_status(status)
        etag, modified = headers.get("ETag", ""), headers.get("Last-Modified", "")
        size = _size(status, headers)
        return ObjectFacts(
            size_bytes=size,
            modified=_moment(modified),
            fingerprint=_fingerprint(key, etag, modified, size),
            location=pin_url(url, etag),
        )


def _follow(address: str) -> tuple[str, int, Mapping[str, str]]:
    """Request the first byte; return where it came from, with status and headers."""
    url = address.partition("#")[0]
    for _ in range(MOST_REDIRECTS + 1):
        status, headers = _request(url)
        target = headers.get("Location")
        if status not in REDIRECTS or not target:
            return url, status, headers
        following = urljoin(url, target).partition("#")[0]
        is_safer = url.startswith("http://") or following.startswith("https://")
        if not is_url(following) or not is_safer:
            raise ObjectForbidden(
                f"The address redirects to {urlsplit(following).scheme}://, where nothing is read "
                f"from. {DOWNLOAD}"
            )
        url = following
    raise ObjectNotFound(f"The address redirects more than {MOST_REDIRECTS} times. {DOWNLOAD}")


def _request(url: str) -> tuple[int, Mapping[str, str]]:
    with PinnedUrl(url) as address:
        try:
            response = address.get("bytes=0-0")
        except LocationValueError as error:
            raise ObjectNotFound(
                "The address is none that can be read: https://HOST/PATH"
            ) from error
        except HTTPError as error:
            raise StoreUnreachable("The server of the address does not answer.") from error
        response.close()
        return response.status, response.headers


def _size(status: int, headers: Mapping[str, str]) -> int:
    """Bytes of the whole content."""
    if status == WHOLE:
        told = re.fullmatch("([0-9]+)", headers.get("Content-Length", ""))
    else:
        told = TOTAL.fullmatch(headers.get("Content-Range", ""))
    if told is None:
        raise ObjectNotFound(f"The server of the address does not tell the size. {DOWNLOAD}")
    return int(told[1])


def _moment(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _fingerprint(address: str, etag: str, modified: str, size: int) -> str:
    """SHA-256 over the address, without what signs it, and the state of the content."""
    place = urlsplit(address)
    state = [place.scheme, place.netloc, place.path, etag, modified, size]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def _translate_status(status: int) -> ObjectError | PasserbyError:
    if status in FORBIDDEN:
        return ObjectForbidden(
            f"The server of the address wants a login ({status}). Download it first: "
            "curl -fL --user NAME -o video.mp4 ADDRESS"
        )
    if status == BUSY or status in SERVER_ERRORS:
        return StoreUnreachable(f"The server of the address answers {status}. Try again later.")
    return ObjectNotFound(f"There is no video at the address: its server answers {status}.")
