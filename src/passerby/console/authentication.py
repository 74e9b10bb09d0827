"""Requests of somebody who is logged in, and the routes that answer them.

Each route of the console but login and static files is made by `authenticated`, so that none
can forget to check the session.
"""

import hmac
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passerby.access.keys import AccessKey
from passerby.console.access_log import KEY
from passerby.console.refusal import Refused
from passerby.console.sessions import LoginSession, Sessions
from passerby.errors import JobNotFound
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore

COOKIE = "passerby_session"
CSRF_HEADER = "x-csrf-token"
BODY_BYTES_LIMIT = 256 * 1024

# Operations of the API that a key must allow.
START = "StartPersonTracking"
SEE = "GetPersonTracking"

SAFE_METHODS = {"GET", "HEAD"}


@dataclass(frozen=True)
class AuthenticatedRequest:
    """A request of somebody who is logged in."""

    http: Request
    session: LoginSession
    body: bytes  # b"" where the handler streams it

    @property
    def key(self) -> AccessKey:
        """Access key of the session."""
        return self.session.key

    @property
    def account_id(self) -> str:
        """Account whose jobs are shown."""
        return self.key.account_id

    @property
    def form(self) -> dict[str, str]:
        """Fields of a form that was sent."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def may_see(self, job: Job) -> bool:
        """Return whether the key allows the job to be seen."""
        rights = self.key.rights
        return rights.allow_operation(SEE) and rights.allow_video(
            job.source["bucket"], job.source["key"]
        )

    def find_job(self, jobs: JobStore) -> Job:
        """Find the job named by `{job_id}` in the path; raises JobNotFound if it is hidden."""
        job = jobs.find(self.http.path_params["job_id"], self.account_id)
        if not self.may_see(job):
            raise JobNotFound
        return job


Handler = Callable[[AuthenticatedRequest], Response | Awaitable[Response]]


def authenticated(
    sessions: Sessions,
    path: str,
    handler: Handler,
    *,
    method: str = "GET",
    right: str | None = SEE,
    streams: bool = False,
) -> Route:
    """Make a route that only somebody who is logged in can use.

    Parameters
    ----------
    sessions : Sessions
    path : str
        Below `/console`, with Starlette's `{names}`.
    handler : callable
        Called in a thread unless it is a coroutine function.
    method : str
        Any but GET needs the session's CSRF token: in the field `csrf` of a form or in the
        header `X-CSRF-Token`.
    right : str, optional
        Operation that the key must allow.
    streams : bool
        Whether the handler reads the body itself: then the token must be in the header.
    """

    async def endpoint(request: Request) -> Response:
        session = await run_in_threadpool(find_session, request, sessions)
        if session is None:
            return _redirect_to_login(request)
        setattr(request.state, KEY, session.key)
        if right is not None and not session.key.rights.allow_operation(right):
            raise Refused(f"This access key does not allow {right}.", 403)
        body = b"" if streams or method in SAFE_METHODS else await read_body(request)
        logged_in = AuthenticatedRequest(request, session, body)
        if method not in SAFE_METHODS:
            _check_csrf(logged_in)
        return await _respond(handler, logged_in)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def find_session(request: Request, sessions: Sessions) -> LoginSession | None:
    """Find the session of a request's cookie; None if there is none."""
    cookie = request.cookies.get(COOKIE)
    return None if cookie is None else sessions.find(cookie, datetime.now(UTC))


def wants_page(request: Request) -> bool:
    """Return whether the response is shown to a person, not read by a script."""
    return "text/html" in request.headers.get("accept", "")


def check_origin(request: Request) -> None:
    """Check that a page of the console sent the request; raises Refused."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Refused("This request came from another site.", 403)


async def read_body(request: Request) -> bytes:
    """Read the whole body of a request; raises Refused if it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_LIMIT:
            raise Refused("The request is too long.", 413)
    return bytes(body)


async def _respond(handler: Handler, request: AuthenticatedRequest) -> Response:
    if inspect.iscoroutinefunction(handler):
        response: Response = await handler(request)
        return response
    plain = cast("Callable[[AuthenticatedRequest], Response]", handler)
    return await run_in_threadpool(plain, request)


def _redirect_to_login(request: Request) -> Response:
    if request.method not in SAFE_METHODS or not wants_page(request):
        raise Refused("You are not logged in.", 401)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/console/login?next={quote(request.url.path + query)}", 303)


def _check_csrf(logged_in: AuthenticatedRequest) -> None:
    request = logged_in.http
    check_origin(request)
    shown = request.headers.get(CSRF_HEADER) or logged_in.form.get("csrf", "")
    if not hmac.compare_digest(shown.encode(), logged_in.session.csrf_token.encode()):
        raise Refused("This form is out of date. Load the page again.", 403)
