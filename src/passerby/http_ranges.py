"""Read parts of what is at a URL, in one state of its content.

The fragment of a URL is for its user and never sent. Here it holds the entity tag of the
content that is meant. The tag goes along with each request, and a server whose content has
changed by then refuses.

Sources: RFC 9110, sections 8.8.3 (entity tags), 13.1.1 (`If-Match`) and 14.2 (`Range`);
RFC 3986, section 3.5 (fragments).
"""

from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

import urllib3

ETAG = "etag="

# RFC 9110: a strong entity tag. A weak one never matches in `If-Match`.
STRONG = '"'

# Statuses of an answer: the whole, the part, no such part, deleted, changed.
WHOLE, PART, NO_SUCH_PART, DELETED, CHANGED = 200, 206, 416, 404, 412

URL_SCHEMES = ("http://", "https://")

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0


def is_url(location: str) -> bool:
    """Whether a location is an http(s) URL, and not a path."""
    return location.startswith(URL_SCHEMES)


def pin_url(url: str, etag: str) -> str:
    """Add an entity tag to a URL, which then stands for the content with this tag only.

    A weak tag cannot be asked for: then the URL stays as it is.

    Examples
    --------
    >>> pin_url("https://host/key?Signature=1", '"5d41"')
    'https://host/key?Signature=1#etag=%225d41%22'
    """
    return f"{url}#{ETAG}{quote(etag, safe='')}" if etag.startswith(STRONG) else url


def split_pinned_url(source: str) -> tuple[str, dict[str, str]]:
    """Split a URL, pinned or not, into the URL to request and the headers to send.

    Raises
    ------
    ValueError
        If the tag has characters that no header can have.

    Examples
    --------
    >>> split_pinned_url("https://host/key?Signature=1#etag=%225d41%22")
    ('https://host/key?Signature=1', {'If-Match': '"5d41"'})
    """
    url, _, fragment = source.partition("#")
    if not fragment.startswith(ETAG):
        return url, {}
    etag = unquote(fragment.removeprefix(ETAG))
    if not etag.isprintable():
        raise ValueError(f"an entity tag is printable, got {etag!r}")
    return url, {"If-Match": etag}


class PinnedUrl:
    """A URL from which parts of one state of its content are requested.

    No request is redirected or repeated: both could lead to other content.

    Parameters
    ----------
    source : str
        http(s) URL, as `pin_url` gives it; without a tag, any content is taken.
    connect_seconds, read_seconds : float
        Longest waits for a connection, and for the next bytes.
    """

    def __init__(
        self,
        source: str,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._url, self._headers = split_pinned_url(source)
        timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout)

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
        urllib3.exceptions.HTTPError
            If there is no response.
        """
        headers = self._headers if byte_range is None else self._headers | {"Range": byte_range}
        return self._pool.request("GET", self._url, headers=headers, preload_content=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
