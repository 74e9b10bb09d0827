"""Rendering of pages: the package's Jinja templates, with everything escaped.

Jinja is imported with the first page: a server that only AWS clients use does without it.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from passerby.console import wording
from passerby.console.authentication import AuthenticatedRequest, wants_page
from passerby.console.static_files import static_url

if TYPE_CHECKING:
    from jinja2 import Environment


def render_page(
    request: AuthenticatedRequest, template: str, status: int = 200, **context: object
) -> Response:
    """Render a page for somebody who is logged in.

    The template knows `session` (with `csrf_token`), `path` and the `context`.
    """
    path = request.http.url.path
    return _render(template, status, session=request.session, path=path, **context)


def render_public_page(template: str, status: int = 200, **context: object) -> Response:
    """Render a page for anybody."""
    return _render(template, status, session=None, path="", **context)


def render_refusal(request: Request, message: str, status: int) -> Response:
    """Render an error: as a page for a person, as JSON for a script."""
    if wants_page(request):
        return render_public_page("refusal.html", status, message=message)
    return JSONResponse({"error": message}, status)


def _render(template: str, status: int, **context: object) -> Response:
    return HTMLResponse(_environment().get_template(template).render(context), status)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415

    folder = files(__package__).joinpath("templates")
    environment = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static_url
    environment.filters.update(wording.FILTERS)
    return environment
