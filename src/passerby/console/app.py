"""The application that answers all paths that begin with `/console`."""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from passerby.console import static_files
from passerby.console.access_log import AccessLog
from passerby.console.headers import SecurityHeaders
from passerby.console.login import HOME
from passerby.console.refusal import status_of
from passerby.console.rendering import render_refusal
from passerby.errors import PasserbyError
from passerby.server.allowed_methods import allowed_methods


def console_routes(pages: Iterable[Route], *, is_https: bool = False) -> list[BaseRoute]:
    """Build the routes of the console from those of its pages.

    With `is_https` browsers are told to come over TLS only from now on.
    """
    console = Starlette(
        routes=[*pages, static_files.ROUTE],
        exception_handlers={
            PasserbyError: _refuse,
            HTTPException: _refuse_path,
            ClientDisconnect: _answer_nobody,
            Exception: _report_failure,
        },
    )
    # Starlette would send whoever adds a slash to the host that the request names.
    console.router.redirect_slashes = False
    around = [Middleware(AccessLog), Middleware(SecurityHeaders, is_https=is_https)]
    return [
        Route("/console", _redirect_home, methods=["GET"]),
        Mount("/console", console, middleware=around),
    ]


def _redirect_home(_request: Request) -> Response:
    return RedirectResponse(HOME, 307)


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, PasserbyError)  # noqa: S101 - registered for this class alone
    return render_refusal(request, str(error), status_of(error))


def _refuse_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    response = render_refusal(request, "There is no such page.", error.status_code)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = allowed_methods(request)
    return response


def _answer_nobody(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # never sent: the browser has gone


def _report_failure(request: Request, _error: Exception) -> Response:
    # The error goes on to uvicorn, which logs it.
    return render_refusal(request, "An internal error occurred. See the log of the server.", 500)
