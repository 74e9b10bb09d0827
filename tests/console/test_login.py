"""Who gets in, and who stays in."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.waiting import wait_until

from .conftest import ConsoleServer


def test_the_cookie(console: ConsoleServer) -> None:
    key = console.key()
    answer = console.anonymous().log_in(key.id, key.secret)

    name, *attributes = answer.headers["set-cookie"].split("; ")

    assert key.id not in name
    assert {"HttpOnly", "Path=/console", "SameSite=strict", "Max-Age=43200"} <= set(attributes)


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        pytest.param("/console/start?bucket=cctv", "/console/start?bucket=cctv", id="a page"),
        pytest.param("https://elsewhere.example/", "/console/", id="another site"),
        pytest.param("//elsewhere.example/console/", "/console/", id="another host"),
        pytest.param("/console//elsewhere.example", "/console/", id="slashes"),
        pytest.param("/console/\\elsewhere", "/console/", id="a backslash"),
        pytest.param("/metrics", "/console/", id="not the console"),
    ],
)
def test_where_login_leads(console: ConsoleServer, wanted: str, location: str) -> None:
    key = console.key()
    form = f"key_id={key.id}&secret={key.secret}&next={quote(wanted)}"

    answer = console.anonymous().ask(
        "POST", "/console/login", form, Content_Type="application/x-www-form-urlencoded"
    )

    assert answer.location == location


def test_wrong_secrets_are_slowed_and_do_not_count_for_others(console: ConsoleServer) -> None:
    key, other = console.key(), console.key()
    statuses = [console.anonymous().log_in(key.id, f"wrong{n}").status for n in range(22)]

    assert statuses[:20] == [403] * 20
    assert statuses[21] == 429
    assert console.anonymous().log_in(key.id, key.secret).status == 303
    assert console.anonymous().log_in(other.id, other.secret).status == 303


@pytest.mark.parametrize("key_id", ["", "AKIAAAAAAAAAAAAAAAAA", "ä\0", "x" * 1000])
def test_unknown_keys_read_as_wrong_secrets_do(console: ConsoleServer, key_id: str) -> None:
    wrong = console.anonymous().log_in(console.key().id, "wrong")

    unknown = console.anonymous().log_in(key_id, "wrong")

    assert unknown.status == wrong.status == 403
    assert "There is no access key with this ID and secret." in unknown.text


def test_a_temporary_key_needs_its_token(console: ConsoleServer) -> None:
    key = console.keys.create("000000000999", life=timedelta(hours=1))

    assert console.anonymous().log_in(key.id, key.secret).status == 403
    assert console.user(key).get("/console/").status == 200


def test_no_secret_is_logged(console: ConsoleServer) -> None:
    key = console.key()
    console.anonymous().log_in(key.id, key.secret + "x")
    cookie = console.user(key).cookie

    log = console.server.log.read_text()

    assert key.secret not in log
    assert cookie not in log


def test_after_logging_out_the_cookie_is_worth_nothing(console: ConsoleServer) -> None:
    user = console.user()
    user.post("/console/logout")

    assert user.get("/console/").status == 303


def test_the_session_of_a_revoked_key_ends(console: ConsoleServer) -> None:
    key = console.key()
    user = console.user(key)
    console.keys.revoke(key.id)

    wait_until(lambda: user.get("/console/").status != 200)
