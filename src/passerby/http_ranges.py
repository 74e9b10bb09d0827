"""Read parts of what is at a URL, in one state of its content.

The fragment of a URL is for its user and never sent. Here it holds the pin: what a `HEAD`
request found out about the content that is meant. A strong entity tag goes along with each
request as `If-Match`, and a server whose content has changed by then refuses. Every answer
is compared with the pin as well, because there are servers that

- ignore `If-Match`, and give what they have now;
- refuse it, whatever it names: SeaweedFS and Ceph answered 412 to their own tag for objects
  uploaded in parts, others 400 or 501. They are asked again without it;
- give no tag, a weak one, or one without quotation marks, none of which can be asked for.

Sources: RFC 9110, sections 8.8 (entity tags, `Last-Modified`), 13.1.1 (`If-Match`) and 14
(ranges); RFC 3986, section 3.5 (fragments).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as LateResponse

from passerby.errors import VideoGone
from passerby.outbound.connections import Connections
from passerby.outbound.deadline import Deadline

# RFC 9110: a strong entity tag. A weak one never matches in `If-Match`.
STRONG = '"'
WEAK = "W/"

# Statuses of an answer: the whole, the part, no such part, deleted, changed.
WHOLE, PART, NO_SUCH_PART, DELETED, CHANGED = 200, 206, 416, 404, 412
# What servers answer to an `If-Match` that they cannot handle.
REFUSALS = {400, CHANGED, 501}

URL_SCHEMES = ("http://", "https://")

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
# For the beginning of a response, from the request on; the body may take any time.
RESPONSE_SECONDS = 30.0

TOTAL = re.compile(r"bytes [^/]*/([0-9]+)")


def is_url(location: str) -> bool:
    """Whether a location is an http(s) URL, and not a path."""
    return location.startswith(URL_SCHEMES)


@dataclass(frozen=True)
class Pin:
    """What one state of a content is known by; whatever its server does not say is left out."""

    etag: str = ""
    size_bytes: int | None = None
    modified: int | None = None  # seconds since 1970

    @property
    def condition(self) -> dict[str, str]:
        """Give the header that asks for this state and no other; empty if none can."""
        return {"If-Match": self.etag} if self.etag.startswith(STRONG) else {}

    def fits(self, response: urllib3.BaseHTTPResponse, *, asked_for: bool) -> bool:
        """Say whether a response is of this state, as far as its headers tell.

        Parameters
        ----------
        response : urllib3.BaseHTTPResponse
            Of status 200 or 206.
        asked_for : bool
            Whether the request named the entity tag, and the server agreed. A tag that
            fits then is enough. Otherwise the time of the last change must fit, too.
        """
        headers = response.headers
        total = _total_size(response)
        if None not in (total, self.size_bytes) and total != self.size_bytes:
            return False
        etag = headers.get("ETag", "")
        if etag and self.etag and _opaque(etag) != _opaque(self.etag):
            return False
        if asked_for:
            return True
        modified = unix_time(headers.get("Last-Modified", ""))
        return None in (modified, self.modified) or modified == self.modified


def pin_url(url: str, etag: str, size_bytes: int | None = None, modified: int | None = None) -> str:
    """Add a pin to a URL, which then stands for this state of its content only.

    Parameters
    ----------
    url : str
    etag : str
        As the server gave it; empty if it gave none.
    size_bytes : int, optional
    modified : int, optional
        Seconds since 1970.

    Examples
    --------
    >>> pin_url("https://host/key?Signature=1", '"5d41"', 10)
    'https://host/key?Signature=1#etag=%225d41%22&size=10'
    """
    pairs = {"etag": etag, "size": size_bytes, "modified": modified}
    known = {name: value for name, value in pairs.items() if value not in (None, "")}
    return f"{url}#{urlencode(known, quote_via=quote, safe='')}" if known else url


def split_pinned_url(source: str) -> tuple[str, dict[str, str]]:
    """Split a URL, pinned or not, into the URL to request and the headers to send.

    Raises
    ------
    ValueError
        If the tag has characters that no header can have.

    Examples
    --------
    >>> split_pinned_url("https://host/key?Signature=1#etag=%225d41%22&size=10")
    ('https://host/key?Signature=1', {'If-Match': '"5d41"'})
    """
    return source.partition("#")[0], pin_of(source).condition


def pin_of(source: str) -> Pin:
    """Read the pin of a URL, an empty one if it has none; raises as `split_pinned_url`."""
    pairs = dict(parse_qsl(source.partition("#")[2], keep_blank_values=True))
    etag = pairs.get("etag", "")
    if not etag.isprintable():
        raise ValueError(f"an entity tag is printable, got {etag!r}")
    return Pin(etag, _whole_number(pairs.get("size")), _whole_number(pairs.get("modified")))


class PinnedUrl:
    """A URL from which parts of one state of its content are requested.

    No request is redirected. One that is refused for its `If-Match` is repeated without.

    Parameters
    ----------
    source : str
        http(s) URL, as `pin_url` gives it; without a pin, any content is taken.
    connect_seconds, read_seconds : float
        Longest waits for a connection, and for the next bytes.

    Attributes
    ----------
    refuses_own_tag : bool
        Whether the server has refused `If-Match` with the tag that it gives itself.
    """

    def __init__(
        self,
        source: str,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._url, self._pin = source.partition("#")[0], pin_of(source)
        self._connections = Connections(connect_seconds, read_seconds)
        self.refuses_own_tag = False

    @property
    def server(self) -> str:
        """Scheme, host and port of the URL."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"

    def get(self, byte_range: str | None = None) -> urllib3.BaseHTTPResponse:
        """Request the content; the body of the response is not read yet.

        Parameters
        ----------
        byte_range : str, optional
            Value of the header `Range`; the whole content unless given.

        Returns
        -------
        urllib3.BaseHTTPResponse
            Of any status. Whoever asked closes it.

        Raises
        ------
        VideoGone
            If the server gives another content than was pinned.
        urllib3.exceptions.HTTPError
            If there is no response, or none in time.
        """
        headers = {} if byte_range is None else {"Range": byte_range}
        condition = {} if self.refuses_own_tag else self._pin.condition
        try:
            with Deadline(RESPONSE_SECONDS):
                response = self._connections.request("GET", self._url, headers | condition)
                if condition and response.status in REFUSALS:
                    return self._ask_again(headers, response)
        except TimeoutError as error:
            raise LateResponse(str(error)) from error
        return self._checked(response, asked_for=bool(condition))

    def _ask_again(
        self, headers: Mapping[str, str], refusal: urllib3.BaseHTTPResponse
    ) -> urllib3.BaseHTTPResponse:
        """Request without the condition that was refused; give the refusal if it was right."""
        try:
            response = self._connections.request("GET", self._url, headers)
        except HTTPError:
            refusal.close()
            raise
        given = response.status in (WHOLE, PART)
        # Only the tag proves that it is the server which is wrong.
        if given and not (response.headers.get("ETag") and self._fits(response, asked_for=False)):
            response.close()
            return refusal
        self.refuses_own_tag = self.refuses_own_tag or given
        refusal.close()
        return response

    def _checked(
        self, response: urllib3.BaseHTTPResponse, *, asked_for: bool
    ) -> urllib3.BaseHTTPResponse:
        if response.status in (WHOLE, PART) and not self._fits(response, asked_for=asked_for):
            response.close()
            raise VideoGone
        return response

    def _fits(self, response: urllib3.BaseHTTPResponse, *, asked_for: bool) -> bool:
        return self._pin.fits(response, asked_for=asked_for)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def unix_time(date: str) -> int | None:
    """Read a date of HTTP as seconds since 1970; None if it is none.

    >>> unix_time("Sun, 22 Nov 2026 01:04:05 GMT")
    1795309445
    >>> unix_time("yesterday")
    """
    try:
        return round(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return None


def _total_size(response: urllib3.BaseHTTPResponse) -> int | None:
    """Bytes of the whole content, if the response says so."""
    headers = response.headers
    if response.status == PART:
        match = TOTAL.fullmatch(headers.get("Content-Range", ""))
        return int(match[1]) if match else None
    # A content that is compressed on the way has another length.
    return None if "Content-Encoding" in headers else _whole_number(headers.get("Content-Length"))


def _opaque(etag: str) -> str:
    """Strip what is around the text of an entity tag, which servers write now so, now so."""
    return etag.strip().removeprefix(WEAK).strip('"')


def _whole_number(text: str | None) -> int | None:
    # Only what S3 itself could mean: `isdecimal` alone takes digits of any script.
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
