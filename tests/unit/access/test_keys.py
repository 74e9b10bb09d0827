import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from passerby.access.encryption import SealingKey
from passerby.access.keys import AccessKeys
from passerby.access.rights import Rights
from passerby.database.connection import Database
from passerby.errors import SettingsError

SEALING_KEY = SealingKey(bytes(32))


@pytest.fixture
def keys(database: Database) -> AccessKeys:
    return AccessKeys(database, SEALING_KEY)


def test_no_keys(keys: AccessKeys) -> None:
    assert keys.entries() == []
    assert keys.find("AKIAAAAAAAAAAAAAAAAA") is None
    assert keys.revoke("AKIAAAAAAAAAAAAAAAAA") is False


@pytest.mark.parametrize("key_id", ["", "\0", "AKIA\0", "\ud800", "AKIÄ", "x" * 100_000])
def test_what_can_be_no_key(keys: AccessKeys, key_id: str) -> None:
    assert keys.find(key_id) is None


def test_a_new_key_has_the_form_that_clients_expect(keys: AccessKeys) -> None:
    key = keys.create()

    assert re.fullmatch("AKIA[A-Z2-7]{16}", key.id)
    assert re.fullmatch("[A-Za-z0-9]{40}", key.secret)
    assert key.account_id == "000000000000"
    assert keys.find(key.id) == key


def test_keys_are_listed_oldest_first(keys: AccessKeys) -> None:
    first, second = keys.create("111111111111"), keys.create("222222222222")

    assert [(entry.id, entry.account_id) for entry in keys.entries()] == [
        (first.id, "111111111111"),
        (second.id, "222222222222"),
    ]
    assert not hasattr(keys.entries()[0], "secret")


@pytest.mark.parametrize("account_id", ["", "12345678901", "1234567890123", "12345678901x"])
def test_an_account_id_has_twelve_digits(keys: AccessKeys, account_id: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(account_id))):
        keys.create(account_id)


def test_a_revoked_key_is_gone(keys: AccessKeys) -> None:
    key = keys.create()
    assert keys.find(key.id)

    assert keys.revoke(key.id) is True
    assert keys.find(key.id) is None


def test_a_key_revoked_elsewhere_dies_within_five_seconds(
    database: Database, keys: AccessKeys
) -> None:
    time = [100.0]
    elsewhere = AccessKeys(database, SEALING_KEY, clock=lambda: time[0])
    key = keys.create()
    assert elsewhere.find(key.id) == key
    keys.revoke(key.id)

    time[0] = 104.9
    assert elsewhere.find(key.id) == key
    time[0] = 105.0
    assert elsewhere.find(key.id) is None
    time[0] = 104.9
    assert elsewhere.find(key.id) is None


def test_a_key_made_elsewhere_is_known_at_once(database: Database, keys: AccessKeys) -> None:
    elsewhere = AccessKeys(database, SEALING_KEY)
    assert elsewhere.find("AKIAAAAAAAAAAAAAAAAA") is None

    key = keys.create()

    assert elsewhere.find(key.id) == key


def test_the_secret_is_neither_shown_nor_stored_in_plain(
    keys: AccessKeys, database: Database
) -> None:
    key = keys.create(life=timedelta(hours=1))
    with database.reading() as connection:
        row = connection.execute(text("SELECT * FROM access_keys")).one()
    stored = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)

    assert key.secret not in repr(key)
    assert key.secret not in repr(replace(key, account_id="111111111111"))
    assert key.id.encode() in stored
    assert key.secret.encode() not in stored
    assert key.session_token.encode() not in stored


def test_a_database_with_the_key_file_of_another(database: Database, keys: AccessKeys) -> None:
    key = keys.create()

    with pytest.raises(SettingsError, match="does not fit"):
        AccessKeys(database, SealingKey(b"\x01" * 32)).find(key.id)


def test_a_key_keeps_its_rights(database: Database, keys: AccessKeys) -> None:
    rights = Rights(("GetPersonTracking",), ("cctv/*", "b/2026/*"), ("arn:aws:sns:*",))
    key = keys.create(rights=rights)

    assert AccessKeys(database, SEALING_KEY).find(key.id) == key
    assert keys.entries()[0].rights == rights
    assert keys.create().rights == Rights()


def test_a_temporary_key(database: Database, keys: AccessKeys) -> None:
    key = keys.create(life=timedelta(hours=12))

    assert re.fullmatch("ASIA[A-Z2-7]{16}", key.id)
    assert re.fullmatch("[A-Za-z0-9]{128}", key.session_token)
    assert key.expires_at == key.created_at + timedelta(hours=12)
    assert AccessKeys(database, SEALING_KEY).find(key.id) == key
    assert keys.entries()[0].expires_at == key.expires_at
    assert key.session_token not in repr(key)


def test_a_key_that_stays_has_no_session_token(keys: AccessKeys) -> None:
    key = keys.create()

    assert (key.session_token, key.expires_at) == ("", None)


def test_a_key_made_before_there_were_rights_may_do_everything(
    database: Database, keys: AccessKeys
) -> None:
    key = keys.create()
    with database.writing() as connection:
        connection.execute(text("UPDATE access_keys SET rights = NULL"))

    assert AccessKeys(database, SEALING_KEY).find(key.id) == key
