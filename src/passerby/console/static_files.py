"""Stylesheets, scripts and icons, served from the package under the digest of their content.

All files share one digest in their path, so that a module can import its neighbour by its
plain name, and a browser may cache them for ever.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passerby.console.refusal import Refused

CACHE_FOR_EVER = "public, max-age=31536000, immutable"
_SCRIPT = "text/javascript"


@dataclass(frozen=True)
class StaticFiles:
    """The files by name, and the digest of them all."""

    digest: str  # 12 hexadecimal digits
    content: dict[str, bytes]


@cache
def static_files() -> StaticFiles:
    """Read the files of the package."""
    folder = files(__package__).joinpath("static")
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(f"{name} {len(content[name])} ".encode() + content[name])
    return StaticFiles(digest.hexdigest()[:12], content)


def static_url(name: str) -> str:
    """Return the address of a file; raises ValueError if there is none of this name."""
    found = static_files()
    if name not in found.content:
        raise ValueError(f"there is no static file {name!r}")
    return f"/console/static/{found.digest}/{name}"


def _serve(request: Request) -> Response:
    found = static_files()
    name = request.path_params["name"]
    content = found.content.get(name)
    if content is None or request.path_params["digest"] != found.digest:
        raise Refused("There is no such file.", 404)
    kind = _SCRIPT if name.endswith(".js") else mimetypes.guess_type(name)[0]
    return Response(content, media_type=kind, headers={"cache-control": CACHE_FOR_EVER})


ROUTE = Route("/static/{digest}/{name}", _serve, methods=["GET"], name="static")
