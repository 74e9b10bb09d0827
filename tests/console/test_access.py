"""What nobody gets at who may not."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.browser.stage import Stager
from tests.contract.test_server_process import serving

from passerby.console.app import ROUTES
from passerby.console.headers import HEADERS
from passerby.jobs.job import JobState

from .conftest import House
from .visitor import Visitor

WITHOUT_LOGIN = {"/login", "/static/{digest}/{name}"}


def some_path(path: str) -> str:
    return "/console" + re.sub(r"\{[^}]*\}", "x", path)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_is_shown_to_strangers(house: House, route: Route) -> None:
    path, methods = route.path, route.methods or set()
    if path in WITHOUT_LOGIN:
        return
    for method in methods - {"HEAD"}:
        answer = house.stranger().ask(method, some_path(path))
        as_script = house.stranger().ask(method, some_path(path), Accept="application/json")

        assert as_script.status == 401
        assert json.loads(as_script.text) == {"error": "You are not logged in."}
        if method == "GET":
            assert answer.status == 303
            assert answer.location.startswith("/console/login?next=")
        else:
            assert answer.status == 401


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_whatever_changes_something_needs_the_token(house: House, route: Route) -> None:
    path, methods = route.path, route.methods or set()
    visitor, other = house.visitor(), house.visitor()
    for method in methods - {"GET", "HEAD"}:
        if path in WITHOUT_LOGIN:
            continue
        for token in ("", "0" * 64, other.csrf):
            assert visitor.ask(method, some_path(path), X_CSRF_Token=token).status == 403
    assert visitor.get("/console/").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec_Fetch_Site": "cross-site"}, id="another site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, id="a neighbour"),
        pytest.param({"Origin": "https://elsewhere.example"}, id="an older browser"),
    ],
)
def test_requests_of_other_sites(house: House, headers: dict[str, str]) -> None:
    visitor = house.visitor()
    visitor.sent = headers

    assert visitor.post("/console/logout").status == 403
    assert house.stranger().ask("POST", "/console/login", "", **headers).status == 403


def test_headers_of_every_answer(house: House) -> None:
    visitor = house.visitor()
    answers = [
        house.stranger().get("/console/login"),
        house.stranger().get("/console/"),
        visitor.get("/console/"),
        visitor.get("/console/nothing"),
        visitor.get("/console/jobs/x/cancel"),
        visitor.post("/console/logout"),
    ]
    for answer in answers:
        assert HEADERS.items() <= answer.headers.items()


def test_files_can_be_kept_for_ever_under_their_digest(house: House) -> None:
    page = house.stranger().get("/console/login").text
    (stylesheet,) = re.findall(r'href="(/console/static/[0-9a-f]{12}/console\.css)"', page)

    answer = house.stranger().get(stylesheet)

    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    wrong = re.sub("/[0-9a-f]{12}/", "/000000000000/", stylesheet)
    assert house.stranger().get(wrong).status == 404
    assert house.stranger().get(stylesheet.replace("console.css", "..%2fapp.py")).status == 404


def test_a_job_of_another_account_is_none(house: House) -> None:
    with closing(Stager(house.data)) as stage:
        job = stage.queued("cctv/c.mp4", account_id="777777777777")
    visitor = house.visitor()

    assert visitor.post(f"/console/jobs/{job.id}/cancel").status == 404
    assert job.id not in visitor.get("/console/").text
    assert stage.store.find(job.id).state is JobState.QUEUED


def test_what_a_limited_key_sees(house: House) -> None:
    key = house.key("cctv/2026/*")
    with closing(Stager(house.data)) as stage:
        mine = stage.queued("cctv/2026/a.mp4", account_id=key.account_id)
        other = stage.queued("cctv/c.mp4", account_id=key.account_id)
    visitor = house.visitor(key)

    page = visitor.get("/console/").text
    assert mine.id in page
    assert other.id not in page
    assert visitor.post(f"/console/jobs/{other.id}/cancel").status == 404

    buckets = visitor.get("/console/start").text
    assert "bucket=cctv" in buckets
    assert "bucket=archive" not in buckets
    top = visitor.get("/console/start?bucket=cctv").text
    assert "2026" in top
    assert "c.mp4" not in top
    denied = visitor.get("/console/start?bucket=archive").text
    assert "d.mp4" not in denied
    assert "This access key may not use what is here." in denied
    refused = visitor.post("/console/start", bucket="cctv", key="c.mp4", token="t" * 16)
    assert refused.status == 403
    assert "This access key may not analyse this video." in refused.text
    assert visitor.put("/console/uploads/e.mp4", b"x").status == 403


@pytest.mark.parametrize(
    ("operations", "pages"),
    [
        pytest.param(("GetPersonTracking",), {"/": 200, "/start": 403}, id="only looks"),
        pytest.param(("StartPersonTracking",), {"/": 403, "/start": 200}, id="only starts"),
    ],
)
def test_operations_of_a_key(
    house: House, operations: tuple[str, ...], pages: dict[str, int]
) -> None:
    key = house.key(operations=operations)
    visitor = house.stranger()
    visitor.ask("POST", "/console/login", "")
    form = f"key_id={key.id}&secret={key.secret}"
    answer = visitor.ask("POST", "/console/login", form)
    visitor.cookie = answer.headers["set-cookie"].split(";")[0].partition("=")[2]

    assert {path: visitor.get(f"/console{path}").status for path in pages} == pages


def test_the_address_without_its_slash(house: House) -> None:
    assert house.stranger().get("/console").location == "/console/"


def test_a_server_without_the_console(tmp_path: Path) -> None:
    with serving(tmp_path, console=False) as server:
        assert Visitor(server.url).get("/console/login").status == 405
        assert "console" not in server.log.read_text()
