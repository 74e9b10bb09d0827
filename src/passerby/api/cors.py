"""Let pages of other origins call the API from a browser.

A signature is all that a call needs: no cookie and no other credential of the browser
is ever allowed, whatever the origin.

Source: Fetch standard, "HTTP CORS protocol".
"""

from collections.abc import Iterable

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from passerby.api import protocol

# What AWS clients read beside the body: the request id, and the clock of the server.
_EXPOSED_HEADERS = (protocol.REQUEST_ID_HEADER, "Date")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_PREFLIGHT_SECONDS = 3600  # for which a browser need not ask again


def cors(origins: Iterable[str]) -> list[Middleware]:
    """Build what lets pages of these origins call a route by POST; "*" is any origin.

    The route must take OPTIONS, too. Without origins, nothing is built.
    """
    spelt = sorted({_as_sent(origin) for origin in origins})
    if not spelt:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=spelt,
            allow_methods=["POST"],
            # Whatever a client asks for: what it sends must be signed, or has no effect.
            allow_headers=["*"],
            expose_headers=_EXPOSED_HEADERS,
            allow_private_network=True,
            max_age=_PREFLIGHT_SECONDS,
        )
    ]


def _as_sent(origin: str) -> str:
    """Spell an origin as browsers send it.

    >>> _as_sent("https://App.example:443")
    'https://app.example'
    """
    lower = origin.lower()
    return lower.removesuffix(_DEFAULT_PORTS.get(lower.partition("://")[0], ""))
