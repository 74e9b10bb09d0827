"""Who gets in, and who stays in."""

import time
from datetime import timedelta
from urllib.parse import quote

import pytest

from .conftest import House


def test_the_cookie(house: House) -> None:
    key = house.key()
    answer = house.stranger().log_in(key.id, key.secret)

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
def test_where_login_leads(house: House, wanted: str, location: str) -> None:
    key = house.key()
    form = f"key_id={key.id}&secret={key.secret}&next={quote(wanted)}"

    answer = house.stranger().ask(
        "POST", "/console/login", form, Content_Type="application/x-www-form-urlencoded"
    )

    assert answer.location == location


def test_wrong_secrets_are_slowed_and_do_not_count_for_others(house: House) -> None:
    key, other = house.key(), house.key()
    statuses = [house.stranger().log_in(key.id, f"wrong{n}").status for n in range(22)]

    assert statuses[:20] == [403] * 20
    assert statuses[21] == 429
    assert house.stranger().log_in(key.id, key.secret).status == 429
    assert house.stranger().log_in(other.id, other.secret).status == 303


@pytest.mark.parametrize("key_id", ["", "AKIAAAAAAAAAAAAAAAAA", "ä\0", "x" * 1000])
def test_unknown_keys_read_as_wrong_secrets_do(house: House, key_id: str) -> None:
    wrong = house.stranger().log_in(house.key().id, "wrong")

    unknown = house.stranger().log_in(key_id, "wrong")

    assert unknown.status == wrong.status == 403
    assert "There is no access key with this id and secret." in unknown.text


def test_a_temporary_key_needs_its_token(house: House) -> None:
    key = house.keys.create("000000000999", life=timedelta(hours=1))

    assert house.stranger().log_in(key.id, key.secret).status == 403
    assert house.visitor(key).get("/console/").status == 200


def test_no_secret_is_logged(house: House) -> None:
    key = house.key()
    house.stranger().log_in(key.id, key.secret + "x")
    cookie = house.visitor(key).cookie

    log = house.server.log.read_text()

    assert key.secret not in log
    assert cookie not in log


def test_after_logging_out_the_cookie_is_worth_nothing(house: House) -> None:
    visitor = house.visitor()
    visitor.post("/console/logout")

    assert visitor.get("/console/").status == 303


def test_the_session_of_a_revoked_key_ends(house: House) -> None:
    key = house.key()
    visitor = house.visitor(key)
    house.keys.revoke(key.id)
    deadline = time.monotonic() + 10

    while visitor.get("/console/").status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
