import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from passerby.access.encryption import SealingKey
from passerby.access.ended_sessions import EndedSessions
from passerby.access.keys import AccessKeys
from passerby.console.sessions import SESSION_LIFE, Sessions
from passerby.database.connection import Database, open_database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/jobs.db")
    yield database
    database.close()


@pytest.fixture
def keys(database: Database) -> AccessKeys:
    return AccessKeys(database, SealingKey(bytes(32)))


@pytest.fixture
def sessions(database: Database, keys: AccessKeys) -> Sessions:
    return Sessions(bytes(32), keys, EndedSessions(database))


def test_a_cookie_names_its_key_and_not_its_secret(keys: AccessKeys, sessions: Sessions) -> None:
    key = keys.create()
    cookie = sessions.begin(key, NOW).cookie

    found = sessions.find(cookie, NOW + MOMENT)

    assert found is not None
    assert found.key == key
    sealed = base64.urlsafe_b64decode(cookie)
    assert key.id.encode() not in sealed
    assert key.secret.encode() not in sealed


def test_each_session_has_a_csrf_token_of_its_own(keys: AccessKeys, sessions: Sessions) -> None:
    key = keys.create()
    first, second = sessions.begin(key, NOW), sessions.begin(key, NOW)

    found = sessions.find(first.cookie, NOW)

    assert found is not None
    assert found.csrf_token == first.csrf_token != second.csrf_token


@pytest.mark.parametrize(
    ("age", "lives"),
    [
        pytest.param(timedelta(hours=11, minutes=59), True, id="just before"),
        pytest.param(SESSION_LIFE, False, id="after twelve hours"),
    ],
)
def test_its_life(keys: AccessKeys, sessions: Sessions, age: timedelta, *, lives: bool) -> None:
    cookie = sessions.begin(keys.create(), NOW).cookie

    assert (sessions.find(cookie, NOW + age) is not None) is lives


def test_it_ends_with_a_temporary_key(keys: AccessKeys, sessions: Sessions) -> None:
    key = keys.create(life=timedelta(hours=1))
    assert key.expires_at is not None
    cookie = sessions.begin(key, key.expires_at - timedelta(minutes=30)).cookie

    assert sessions.find(cookie, key.expires_at - MOMENT) is not None
    assert sessions.find(cookie, key.expires_at) is None


def test_it_ends_with_a_revoked_key(keys: AccessKeys, sessions: Sessions) -> None:
    key = keys.create()
    cookie = sessions.begin(key, NOW).cookie
    keys.revoke(key.id)

    assert sessions.find(cookie, NOW) is None


def test_it_ends_when_asked_to_and_no_other_does(keys: AccessKeys, sessions: Sessions) -> None:
    key = keys.create()
    ended, other = sessions.begin(key, NOW), sessions.begin(key, NOW)

    sessions.end(ended, NOW)
    sessions.end(ended, NOW)

    assert sessions.find(ended.cookie, NOW) is None
    assert sessions.find(other.cookie, NOW) is not None


def test_a_restart_does_not_revive_a_session(
    database: Database, keys: AccessKeys, sessions: Sessions
) -> None:
    ended = sessions.begin(keys.create(), NOW)
    sessions.end(ended, NOW)
    # Others that end later forget those that are over by themselves only.
    sessions.end(sessions.begin(keys.create(), NOW + MOMENT), NOW + MOMENT)

    assert Sessions(bytes(32), keys, EndedSessions(database)).find(ended.cookie, NOW) is None


def test_ended_sessions_are_remembered_as_long_as_they_would_last(
    database: Database, keys: AccessKeys, sessions: Sessions
) -> None:
    first, second = sessions.begin(keys.create(), NOW), sessions.begin(keys.create(), NOW)
    sessions.end(first, NOW)

    sessions.end(second, NOW + SESSION_LIFE + MOMENT)

    assert not EndedSessions(database).has(first.cookie)


def test_each_changed_letter_is_noticed(keys: AccessKeys, sessions: Sessions) -> None:
    cookie = sessions.begin(keys.create(), NOW).cookie

    for place, letter in enumerate(cookie):
        other = "A" if letter != "A" else "B"
        assert sessions.find(cookie[:place] + other + cookie[place + 1 :], NOW) is None


@pytest.mark.parametrize("cookie", ["", "x", "=", "ÄÖÜ", "AAAA" * 40, "\x00", "a" * 4096])
def test_no_cookie_of_ours(sessions: Sessions, cookie: str) -> None:
    assert sessions.find(cookie, NOW) is None


def test_a_cookie_of_another_installation(
    database: Database, keys: AccessKeys, sessions: Sessions
) -> None:
    foreign = Sessions(b"x" * 32, keys, EndedSessions(database)).begin(keys.create(), NOW)

    assert sessions.find(foreign.cookie, NOW) is None
