"""How a URL carries what must not change about the content behind it.

The fragment of a URL is for its user and never sent. Here it holds the entity tag
of the content that is meant; whoever reads the URL sends it along with each request,
and a server that holds something else by then refuses.

Sources: RFC 9110, sections 8.8.3 (entity tags) and 13.1.1 (`If-Match`);
RFC 3986, section 3.5 (fragments).
"""

from urllib.parse import quote, unquote

ETAG = "etag="

# RFC 9110: a strong entity tag. A weak one never matches in `If-Match`.
STRONG = '"'


def pinned(url: str, etag: str) -> str:
    """URL that stands for the content with this entity tag only.

    A weak tag cannot be asked for: then the URL stays as it is.

    Examples
    --------
    >>> pinned("https://host/key?Signature=1", '"5d41"')
    'https://host/key?Signature=1#etag=%225d41%22'
    """
    return f"{url}#{ETAG}{quote(etag, safe='')}" if etag.startswith(STRONG) else url


def request_of(source: str) -> tuple[str, dict[str, str]]:
    """URL to ask for, and the headers to ask with.

    Raises
    ------
    ValueError
        If the tag holds what no header can.

    Examples
    --------
    >>> request_of("https://host/key?Signature=1#etag=%225d41%22")
    ('https://host/key?Signature=1', {'If-Match': '"5d41"'})
    """
    url, _, fragment = source.partition("#")
    if not fragment.startswith(ETAG):
        return url, {}
    etag = unquote(fragment.removeprefix(ETAG))
    if not etag.isprintable():
        raise ValueError(f"an entity tag is printable, got {etag!r}")
    return url, {"If-Match": etag}
