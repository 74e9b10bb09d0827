"""How somebody logs in, with an access key, and out again."""

import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passerby.access.keys import AccessKey
from passerby.console.authentication import COOKIE, Visit, check_origin, read_body, visited
from passerby.console.dependencies import Desk
from passerby.console.pages import outer_page
from passerby.console.sessions import SESSION_LIFE, Session

HOME = "/console/"
COOKIE_PATH = "/console"

_WRONG = "There is no access key with this id and secret."
_TOO_OFTEN = "Too many attempts were wrong. Wait a minute, then try again."


async def _login(request: Request) -> Response:
    if request.method != "POST":
        return outer_page("login.html", next=_destination(request.query_params.get("next")))
    check_origin(request)
    form = dict(parse_qsl((await read_body(request)).decode(errors="replace")))
    return await run_in_threadpool(_admitted, request, form)


def _admitted(request: Request, form: dict[str, str]) -> Response:
    desk: Desk = request.app.state.desk
    destination = _destination(form.get("next"))
    key_id = form.get("key_id", "").strip()
    key = desk.keys.find(key_id)
    # By address as well, as at the API: nobody can lock out the holder of a key.
    culprit = (request.client.host if request.client else "", key.id if key else "")
    if not desk.failures.allows(culprit):
        return outer_page("login.html", 429, next=destination, key_id=key_id, message=_TOO_OFTEN)
    now = datetime.now(UTC)
    if key is None or not _is_holder(key, form, now):
        desk.failures.take(culprit)
        return outer_page("login.html", 403, next=destination, key_id=key_id, message=_WRONG)
    answer = RedirectResponse(destination, 303)
    _set_cookie(answer, desk.sessions.begin(key, now), secure=desk.secure)
    return answer


def _is_holder(key: AccessKey, form: dict[str, str], now: datetime) -> bool:
    """Whether the secrets are those of the key, and it has not expired."""
    secret = _equal(form.get("secret", "").strip(), key.secret)
    token = _equal(form.get("session_token", "").strip(), key.session_token)
    return secret and token and (key.expires_at is None or now < key.expires_at)


def _equal(theirs: str, ours: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest(theirs.encode(errors="replace"), ours.encode())


def _set_cookie(answer: Response, session: Session, *, secure: bool) -> None:
    answer.set_cookie(
        COOKIE,
        session.cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        path=COOKIE_PATH,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _destination(wanted: str | None) -> str:
    """Where to go after login: a path of the console and nowhere else."""
    inside = wanted is not None and wanted.startswith(HOME) and "\\" not in wanted
    return wanted if wanted and inside and "//" not in wanted.partition("?")[0] else HOME


def _logout(visit: Visit) -> Response:
    visit.desk.sessions.end(visit.session)
    answer = RedirectResponse("/console/login", 303)
    answer.delete_cookie(COOKIE, path=COOKIE_PATH)
    return answer


ROUTES = (
    Route("/login", _login, methods=["GET", "POST"], name="login"),
    visited("/logout", _logout, method="POST", right=None),
)
