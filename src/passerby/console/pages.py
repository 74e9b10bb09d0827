"""How a page is rendered: Jinja templates of the package, everything escaped.

Jinja is imported with the first page: a server that only AWS clients talk to does without.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from passerby.console import wording
from passerby.console.authentication import Visit, wants_page
from passerby.console.static_files import static_url

if TYPE_CHECKING:
    from jinja2 import Environment


def page(visit: Visit, template: str, status: int = 200, **shown: object) -> Response:
    """Render a page for somebody who is logged in.

    The template knows `session` (with `csrf_token`), `path` and whatever is `shown`.
    """
    session, path = visit.session, visit.request.url.path
    return _rendered(template, status, session=session, path=path, **shown)


def outer_page(template: str, status: int = 200, **shown: object) -> Response:
    """Render a page for anybody."""
    return _rendered(template, status, session=None, path="", **shown)


def refusal_page(request: Request, message: str, status: int) -> Response:
    """Say no: as a page to a person, as JSON to a script."""
    if wants_page(request):
        return outer_page("refusal.html", status, message=message)
    return JSONResponse({"error": message}, status)


def _rendered(template: str, status: int, **shown: object) -> Response:
    return HTMLResponse(_environment().get_template(template).render(shown), status)


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
