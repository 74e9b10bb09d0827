"""Stylesheet, scripts and icons: served from the package, named by their content.

All files share one digest in their path, so that a module can import its neighbour by its
plain name, and a browser may keep them for ever.
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

FOR_EVER = "public, max-age=31536000, immutable"
_SCRIPT = "text/javascript"


@dataclass(frozen=True)
class Statics:
    """The files, by name, and the digest over them all."""

    digest: str  # 12 hexadecimal digits
    content: dict[str, bytes]


@cache
def statics() -> Statics:
    """Read the files of the package."""
    folder = files(__package__).joinpath("static")
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(f"{name} {len(content[name])} ".encode() + content[name])
    return Statics(digest.hexdigest()[:12], content)


def static_url(name: str) -> str:
    """Where a file is served; raises ValueError where there is none of this name."""
    found = statics()
    if name not in found.content:
        raise ValueError(f"there is no static file {name!r}")
    return f"/console/static/{found.digest}/{name}"


def _answer(request: Request) -> Response:
    found = statics()
    name = request.path_params["name"]
    content = found.content.get(name)
    if content is None or request.path_params["digest"] != found.digest:
        raise Refused("There is no such file.", 404)
    kind = _SCRIPT if name.endswith(".js") else mimetypes.guess_type(name)[0]
    return Response(content, media_type=kind, headers={"cache-control": FOR_EVER})


ROUTE = Route("/static/{digest}/{name}", _answer, methods=["GET"], name="static")
