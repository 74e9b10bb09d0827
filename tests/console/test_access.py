"""Access control of the console."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from tests.browser.stage import Stager
from tests.contract.test_server_process import serving

from passerby.bootstrap.installation import open_installation
from passerby.bootstrap.web_app import build_app
from passerby.console.headers import HEADERS
from passerby.jobs.job import JobState
from passerby.settings import Settings

from .conftest import ConsoleServer
from .user import User

WITHOUT_LOGIN = {"/login", "/static/{digest}/{name}"}


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Method and path of one request to each route of the console that needs a login."""
    installation = open_installation(Settings(data=tmp_path_factory.mktemp("routes")))
    with closing(installation.database):
        app = build_app(installation)
    (console,) = [route for route in app.routes if isinstance(route, Mount)]
    routes = [route for route in console.routes if isinstance(route, Route)]
    assert {route.path for route in routes} > WITHOUT_LOGIN
    return [
        (method, "/console" + re.sub(r"\{[^}]*\}", "x", route.path))
        for route in routes
        if route.path not in WITHOUT_LOGIN
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def test_nothing_is_shown_without_login(
    console: ConsoleServer, requests: list[tuple[str, str]]
) -> None:
    assert len(requests) > 15
    for method, path in requests:
        answer = console.anonymous().ask(method, path)
        as_script = console.anonymous().ask(method, path, Accept="application/json")

        assert as_script.status == 401, path
        assert json.loads(as_script.text) == {"error": "You are not logged in."}
        if method == "GET":
            assert answer.status == 303, path
            assert answer.location.startswith("/console/login?next=")
        else:
            assert answer.status == 401, path


def test_whatever_changes_something_needs_the_token(
    console: ConsoleServer, requests: list[tuple[str, str]]
) -> None:
    changing = [(method, path) for method, path in requests if method != "GET"]
    user, other = console.user(), console.user()

    assert len(changing) > 5
    for method, path in changing:
        for token in ("", "0" * 64, other.csrf):
            assert user.ask(method, path, X_CSRF_Token=token).status == 403, path
    assert user.get("/console/").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec_Fetch_Site": "cross-site"}, id="another site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, id="a neighbour"),
        pytest.param({"Origin": "https://elsewhere.example"}, id="an older browser"),
    ],
)
def test_requests_of_other_sites(console: ConsoleServer, headers: dict[str, str]) -> None:
    user = console.user()
    user.sent = headers

    assert user.post("/console/logout").status == 403
    assert console.anonymous().ask("POST", "/console/login", "", **headers).status == 403


def test_headers_of_every_answer(console: ConsoleServer) -> None:
    user = console.user()
    answers = [
        console.anonymous().get("/console/login"),
        console.anonymous().get("/console/"),
        user.get("/console/"),
        user.get("/console/nothing"),
        user.get("/console/jobs/x/cancel"),
        user.post("/console/logout"),
    ]
    for answer in answers:
        assert HEADERS.items() <= answer.headers.items()


def test_files_can_be_kept_for_ever_under_their_digest(console: ConsoleServer) -> None:
    page = console.anonymous().get("/console/login").text
    (stylesheet,) = re.findall(r'href="(/console/static/[0-9a-f]{12}/console\.css)"', page)

    answer = console.anonymous().get(stylesheet)

    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    wrong = re.sub("/[0-9a-f]{12}/", "/000000000000/", stylesheet)
    assert console.anonymous().get(wrong).status == 404
    assert console.anonymous().get(stylesheet.replace("console.css", "..%2fapp.py")).status == 404


def test_a_job_of_another_account_is_none(console: ConsoleServer) -> None:
    with closing(Stager(console.data)) as stage:
        job = stage.queued("cctv/c.mp4", account_id="777777777777")
    user = console.user()

    assert user.post(f"/console/jobs/{job.id}/cancel").status == 404
    assert job.id not in user.get("/console/").text
    assert stage.store.find(job.id).state is JobState.QUEUED


def test_what_a_limited_key_sees(console: ConsoleServer) -> None:
    key = console.key("cctv/2026/*")
    with closing(Stager(console.data)) as stage:
        mine = stage.queued("cctv/2026/a.mp4", account_id=key.account_id)
        other = stage.queued("cctv/c.mp4", account_id=key.account_id)
    user = console.user(key)

    page = user.get("/console/").text
    assert mine.id in page
    assert other.id not in page
    assert user.post(f"/console/jobs/{other.id}/cancel").status == 404

    buckets = user.get("/console/start").text
    assert "bucket=cctv" in buckets
    assert "bucket=archive" not in buckets
    top = user.get("/console/start?bucket=cctv").text
    assert "2026" in top
    assert "c.mp4" not in top
    denied = user.get("/console/start?bucket=archive").text
    assert "d.mp4" not in denied
    assert "This access key may not use this folder." in denied
    refused = user.post("/console/start", bucket="cctv", key="c.mp4", token="t" * 16)
    assert refused.status == 403
    assert "This access key may not analyse this video." in refused.text
    assert user.put("/console/uploads/e.mp4", b"x").status == 403


@pytest.mark.parametrize(
    ("operations", "pages"),
    [
        pytest.param(("GetPersonTracking",), {"/": 200, "/start": 403}, id="only looks"),
        pytest.param(("StartPersonTracking",), {"/": 403, "/start": 200}, id="only starts"),
    ],
)
def test_operations_of_a_key(
    console: ConsoleServer, operations: tuple[str, ...], pages: dict[str, int]
) -> None:
    key = console.key(operations=operations)
    user = console.anonymous()
    user.ask("POST", "/console/login", "")
    form = f"key_id={key.id}&secret={key.secret}"
    answer = user.ask("POST", "/console/login", form)
    user.cookie = answer.headers["set-cookie"].split(";")[0].partition("=")[2]

    assert {path: user.get(f"/console{path}").status for path in pages} == pages


def test_the_address_without_its_slash(console: ConsoleServer) -> None:
    assert console.anonymous().get("/console").location == "/console/"


def test_a_server_without_the_console(tmp_path: Path) -> None:
    with serving(tmp_path, console=False) as server:
        assert User(server.url).get("/console/login").status == 405
        assert "console" not in server.log.read_text()


def test_a_browser_that_opens_the_server_is_led_to_the_console(console: ConsoleServer) -> None:
    user = console.anonymous()

    led = user.get("/")

    assert (led.status, led.location) == (307, "/console/")
    assert user.get("/", Accept="*/*").status == 200
    assert user.ask("HEAD", "/", Accept="*/*").status == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("/console/login", "GET, HEAD, POST", id="a page and its form"),
        pytest.param("/console/logout", "POST", id="a form alone"),
    ],
)
def test_a_page_names_its_methods(console: ConsoleServer, path: str, allowed: str) -> None:
    answer = console.anonymous().ask("DELETE", path)

    assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_a_slash_more_leads_nowhere_else(console: ConsoleServer) -> None:
    user = console.anonymous()
    user.sent = {"Host": "elsewhere.example"}

    assert user.get("/console/login/").status == 404


def test_json_as_deep_as_can_be_sent_is_refused(console: ConsoleServer) -> None:
    key = console.key()
    with closing(Stager(console.data)) as stage:
        job = stage.succeeded("cctv/c.mp4", 1, account_id=key.account_id)
    user = console.user(key)
    deep = '{"zones": ' + "[" * 100_000 + "]" * 100_000 + "}"

    for method, path in (("PUT", "places"), ("POST", "summary")):
        answer = user.ask(method, f"/console/jobs/{job.id}/{path}", deep, X_CSRF_Token=user.csrf)
        assert answer.status == 400, path


def test_who_looked_at_what_is_in_the_log(console: ConsoleServer) -> None:
    key = console.key()
    with closing(Stager(console.data)) as stage:
        job = stage.failed("cctv/c.mp4", "No.", key.account_id)
    user = console.user(key)

    user.get(f"/console/jobs/{job.id}?tab=hidden")
    console.anonymous().log_in(key.id, "wrong")
    console.anonymous().log_in("my password", "wrong")

    lines = console.server.log.read_text().splitlines()
    (line,) = [each for each in lines if f"GET /console/jobs/{job.id} 200" in each]
    assert f"account_id={key.account_id}" in line
    assert f"key_id={key.id}" in line
    assert "address=127.0.0.1" in line
    failed = [each for each in lines if "WARNING" in each and "a login with" in each]
    assert any(f"the access key {key.id} failed address=127.0.0.1" in each for each in failed)
    assert any("an unknown access key failed" in each for each in failed)
    assert not any("hidden" in each or "my password" in each for each in lines)
