"""One line in the log for each request to the console: who looked at what, and from where."""

import logging
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passerby import logs
from passerby.access.keys import AccessKey

_log = logging.getLogger(__name__)

# In the state of a request's scope: the access key of whoever is logged in.
KEY = "access_key"
# The same for everybody.
STATIC = re.compile(r"/console/static/")
JOB = re.compile(r"/jobs/([0-9a-f]{64})(?:/|$)")


class AccessLog:
    """Middleware that logs each request as soon as it is known how it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start" and not STATIC.match(scope["path"]):
                _log_request(scope, message["status"])
            await send(message)

        await self._app(scope, receive, send_and_log)


def _log_request(scope: Scope, status: int) -> None:
    key: AccessKey | None = scope.get("state", {}).get(KEY)
    client = scope.get("client")
    fields = {"account_id": key.account_id, "key_id": key.id} if key else {}
    job = JOB.search(scope["path"])
    if job:
        fields["job_id"] = job[1]
    # Without the query: it may name what somebody searched for.
    with logs.context(address=client[0] if client else "", **fields):
        _log.info("%s %s %d", scope["method"], scope["path"], status)
