"""Login with an access key, and logout."""

import hmac
import logging
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passerby import logs
from passerby.access.keys import AccessKey, AccessKeys
from passerby.console.authentication import (
    COOKIE,
    AuthenticatedRequest,
    authenticated,
    check_origin,
    read_body,
)
from passerby.console.rendering import render_public_page
from passerby.console.sessions import SESSION_LIFE, LoginSession, Sessions

HOME = "/console/"
COOKIE_PATH = "/console"

_log = logging.getLogger(__name__)

_WRONG = "There is no access key with this ID and secret."
_TOO_OFTEN = "Too many failed attempts. Wait a minute, then try again."


class Failures(Protocol):
    """Limit on how often somebody may fail to authenticate."""

    def take(self, name: Hashable) -> bool:
        """Count a failure of `name`; return False after too many."""


@dataclass(frozen=True)
class LoginPage:
    """The login page, and logout."""

    keys: AccessKeys
    sessions: Sessions
    failures: Failures
    secure: bool  # whether browsers come over TLS: then the cookie is sent over TLS alone

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/login", self._login, methods=["GET", "POST"], name="login"),
            authenticated(self.sessions, "/logout", self._log_out, method="POST", right=None),
        ]

    async def _login(self, request: Request) -> Response:
        if request.method != "POST":
            destination = _destination(request.query_params.get("next"))
            return render_public_page("login.html", next=destination)
        check_origin(request)
        form = dict(parse_qsl((await read_body(request)).decode(errors="replace")))
        return await run_in_threadpool(self._log_in, request, form)

    def _log_in(self, request: Request, form: dict[str, str]) -> Response:
        destination = _destination(form.get("next"))
        key_id = form.get("key_id", "").strip()
        key = self.keys.find(key_id)
        now = datetime.now(UTC)
        if key is None or not _is_holder(key, form, now):
            # As at the API: wrong secrets are slowed down, and never keep the holder out.
            culprit = (request.client.host if request.client else "", key.id if key else "")
            status, message = (403, _WRONG) if self.failures.take(culprit) else (429, _TOO_OFTEN)
            _log_failure(request, key)
            shown = {"next": destination, "key_id": key_id}
            return render_public_page("login.html", status, **shown, message=message)
        response = RedirectResponse(destination, 303)
        _set_cookie(response, self.sessions.begin(key, now), secure=self.secure)
        return response

    def _log_out(self, request: AuthenticatedRequest) -> Response:
        self.sessions.end(request.session, datetime.now(UTC))
        response = RedirectResponse("/console/login", 303)
        # Pictures of people that the browser may have kept.
        response.headers["clear-site-data"] = '"cache"'
        response.delete_cookie(COOKIE, path=COOKIE_PATH)
        return response


def _log_failure(request: Request, key: AccessKey | None) -> None:
    # What was typed in place of an unknown id may be a secret.
    whose = f"the access key {key.id}" if key else "an unknown access key"
    with logs.context(address=request.client.host if request.client else ""):
        _log.warning("a login with %s failed", whose)


def _is_holder(key: AccessKey, form: dict[str, str], now: datetime) -> bool:
    """Return whether the secrets are those of the key, and it has not expired."""
    secret = _is_equal(form.get("secret", "").strip(), key.secret)
    token = _is_equal(form.get("session_token", "").strip(), key.session_token)
    return secret and token and (key.expires_at is None or now < key.expires_at)


def _is_equal(given: str, secret: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def _set_cookie(response: Response, session: LoginSession, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE,
        session.cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        path=COOKIE_PATH,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def _destination(wanted: str | None) -> str:
    """Return where login leads: a path of the console and nowhere else."""
    inside = wanted is not None and wanted.startswith(HOME) and "\\" not in wanted
    return wanted if wanted and inside and "//" not in wanted.partition("?")[0] else HOME
