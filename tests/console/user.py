"""A user of the console: sends requests, and keeps one cookie as a browser does."""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.attempts import ATTEMPTS
from tests.waiting import PATIENCE_SECONDS

from passerby.console.authentication import COOKIE

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    text: str

    @property
    def location(self) -> str:
        return self.headers["location"]


@dataclass
class User:
    """A user with a browser."""

    url: str
    cookie: str = ""
    csrf: str = ""
    sent: dict[str, str] = field(default_factory=dict)  # headers of each request

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> Answer:
        """One request; underscores in the headers' names are hyphens."""
        ATTEMPTS["requests to the console"] += 1
        named = {"Accept": "text/html", **self.sent, **headers}
        if self.cookie:
            named["Cookie"] = f"{COOKIE}={self.cookie}"
        named = {name.replace("_", "-"): value for name, value in named.items()}
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, received, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, /, **members: str) -> Answer:
        """Send a form with the session's token."""
        fields = {"csrf": self.csrf, **members}
        return self.ask("POST", path, urlencode(fields), Content_Type=FORM)

    def put(self, path: str, body: bytes, **headers: str) -> Answer:
        return self.ask("PUT", path, body, X_CSRF_Token=self.csrf, **headers)

    def log_in(self, key_id: str, secret: str, session_token: str = "") -> Answer:
        form = {"key_id": key_id, "secret": secret, "session_token": session_token}
        answer = self.ask("POST", "/console/login", urlencode(form), Content_Type=FORM)
        found = re.match(f"{COOKIE}=([^;]+)", answer.headers.get("set-cookie", ""))
        if found:
            self.cookie = found[1]
            page = self.get("/console/start").text
            self.csrf = re.findall('name="csrf-token" content="([0-9a-f]+)"', page)[0]
        return answer
