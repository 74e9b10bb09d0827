"""One request of somebody who is logged in, and how a path of the console is given its answer.

Each route of the console but the login and the static files is made by `visited`,
so none can forget to ask who is there.
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

from passerby.console.dependencies import Desk
from passerby.console.refusal import Refused
from passerby.console.sessions import Session
from passerby.errors import JobNotFound
from passerby.jobs.job import Job

COOKIE = "passerby_session"
CSRF_HEADER = "x-csrf-token"
BODY_BYTES_LIMIT = 256 * 1024

# What a key must allow, in the words of its rights.
START = "StartPersonTracking"
SEE = "GetPersonTracking"

SAFE_METHODS = {"GET", "HEAD"}


@dataclass(frozen=True)
class Visit:
    """A request, who made it, and what to answer it with."""

    request: Request
    session: Session
    desk: Desk
    body: bytes  # b"" where the answer streams it

    @property
    def account_id(self) -> str:
        """Whose jobs are shown."""
        return self.session.key.account_id

    @property
    def form(self) -> dict[str, str]:
        """Fields of a form that was sent."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def job(self) -> Job:
        """The job that the path names by `{job_id}`; raises JobNotFound if it may not be seen."""
        found = self.desk.jobs.find(self.request.path_params["job_id"], self.account_id)
        if not self.may_see(found):
            raise JobNotFound
        return found

    def may_see(self, job: Job) -> bool:
        """Whether the rights of the key let the job be seen."""
        rights = self.session.key.rights
        return rights.allow_operation(SEE) and rights.allow_video(
            job.source["bucket"], job.source["key"]
        )


Answer = Callable[[Visit], Response | Awaitable[Response]]


def visited(
    path: str,
    answer: Answer,
    *,
    method: str = "GET",
    right: str | None = SEE,
    streams: bool = False,
) -> Route:
    """Route that `answer` answers to whoever is logged in.

    Parameters
    ----------
    path : str
        Below `/console`, with Starlette's `{names}`.
    answer : callable
        Takes the `Visit`. Called in a thread unless it is a coroutine function.
    method : str
        Any but GET needs the session's CSRF token: in the field `csrf` of a form or in the
        header `X-CSRF-Token`.
    right : str, optional
        Operation that the key must allow.
    streams : bool
        Whether the answer reads the body itself: then the token must be in the header.
    """

    async def endpoint(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        session = await run_in_threadpool(session_of, request, desk)
        if session is None:
            return _to_login(request)
        if right is not None and not session.key.rights.allow_operation(right):
            raise Refused(f"This access key does not allow {right}.", 403)
        body = b"" if streams or method in SAFE_METHODS else await read_body(request)
        visit = Visit(request, session, desk, body)
        if method not in SAFE_METHODS:
            _check_csrf(visit)
        if inspect.iscoroutinefunction(answer):
            answered: Response = await answer(visit)
            return answered
        return await run_in_threadpool(cast("Callable[[Visit], Response]", answer), visit)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def session_of(request: Request, desk: Desk) -> Session | None:
    """Session of a request's cookie; None where there is none."""
    cookie = request.cookies.get(COOKIE)
    return None if cookie is None else desk.sessions.find(cookie, datetime.now(UTC))


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer, and not a script."""
    return "text/html" in request.headers.get("accept", "")


def check_origin(request: Request) -> None:
    """Refuse what a page of another site had the browser send; raises Refused."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Refused("This request came from another site.", 403)


def _to_login(request: Request) -> Response:
    if request.method not in SAFE_METHODS or not wants_page(request):
        raise Refused("You are not logged in.", 401)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/console/login?next={quote(request.url.path + query)}", 303)


def _check_csrf(visit: Visit) -> None:
    check_origin(visit.request)
    shown = visit.request.headers.get(CSRF_HEADER) or visit.form.get("csrf", "")
    if not hmac.compare_digest(shown.encode(), visit.session.csrf_token.encode()):
        raise Refused("This form is out of date. Load the page again.", 403)


async def read_body(request: Request) -> bytes:
    """Whole body of a request; raises Refused where it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_LIMIT:
            raise Refused("That is too long.", 413)
    return bytes(body)
