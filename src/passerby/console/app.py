"""Where the pages are put together: one application for all that begins with `/console`."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from passerby.console import (
    events,
    job_exports,
    job_page,
    job_paths,
    job_places,
    job_video,
    jobs_page,
    login,
    start_page,
    static_files,
    upload,
)
from passerby.console.dependencies import Desk
from passerby.console.headers import Headed
from passerby.console.pages import refusal_page
from passerby.console.refusal import status_of
from passerby.errors import PasserbyError

ROUTES = (
    *login.ROUTES,
    *jobs_page.ROUTES,
    *job_page.ROUTES,
    *job_paths.ROUTES,
    *job_places.ROUTES,
    *job_video.ROUTES,
    *job_exports.ROUTES,
    *events.ROUTES,
    *start_page.ROUTES,
    *upload.ROUTES,
    static_files.ROUTE,
)


def console_routes(desk: Desk) -> list[BaseRoute]:
    """Build what answers all that begins with `/console`, around what it works with."""
    console = Starlette(
        routes=ROUTES,
        exception_handlers={
            PasserbyError: _refused,
            HTTPException: _no_such_page,
            ClientDisconnect: _nobody_listens,
            Exception: _failed,
        },
    )
    console.state.desk = desk
    return [Route("/console", _home, methods=["GET"]), Mount("/console", Headed(console))]


def _home(_request: Request) -> Response:
    return RedirectResponse(login.HOME, 307)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PasserbyError)  # noqa: S101 - registered for this class alone
    return refusal_page(request, str(error), status_of(error))


def _no_such_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    return refusal_page(request, "There is nothing at this address.", error.status_code)


def _nobody_listens(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # never sent: the browser has gone


def _failed(request: Request, _error: Exception) -> Response:
    # The error goes on to uvicorn, which logs it.
    return refusal_page(request, "Something went wrong here. The log of the server says what.", 500)
