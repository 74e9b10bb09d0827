"""Access keys: create, list, find and revoke them.

A signature can only be checked with the secret itself, so secrets are encrypted, not
hashed.
"""

import base64
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, insert, select

from passerby.access.accounts import ACCOUNT_ID, DEFAULT_ACCOUNT_ID
from passerby.access.encryption import SealingKey
from passerby.access.rights import OwnUploads, Rights
from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import ACCESS_KEYS

# The form of a key: IAM User Guide, "IAM identifiers", unique ids, and the length
# of the secrets it issues.
ID_PREFIX = "AKIA"
TEMPORARY_ID_PREFIX = "ASIA"
ID_RANDOM_BYTES = 10  # 16 characters of base 32
SECRET_LENGTH = 40
SESSION_TOKEN_LENGTH = 128  # of no known form: clients carry it unread
SECRET_ALPHABET = string.ascii_letters + string.digits  # needs no quoting anywhere

# A request must not cost a database query; a revoked key must soon be refused, also by
# the other processes.
CACHE_SECONDS = 5.0


@dataclass(frozen=True)
class AccessKeyEntry:
    """The public part of an access key."""

    id: str  # "AKIA", or "ASIA" where it is temporary, and 16 characters of base 32
    account_id: str  # 12 digits
    created_at: datetime  # aware, UTC
    expires_at: datetime | None  # aware, UTC; None for a permanent key
    rights: Rights


@dataclass(frozen=True)
class AccessKey(AccessKeyEntry):
    """An access key with its secrets."""

    secret: str = field(repr=False)  # 40 letters and digits
    session_token: str = field(repr=False)  # sent with each request; "" where it is not temporary


def has_access_keys(database: Database) -> bool:
    """Whether any access key is stored."""
    with database.reading() as connection:
        return connection.execute(select(ACCESS_KEYS.c.id).limit(1)).first() is not None


class AccessKeys:
    """Access keys of one database. Safe to use from many threads and processes."""

    def __init__(
        self,
        database: Database,
        sealing_key: SealingKey,
        clock: Callable[[], float] = time.monotonic,
        upload_bucket: str = "",
    ) -> None:
        self._upload_bucket = upload_bucket
        self._database = database
        self._sealing_key = sealing_key
        self._clock = clock
        self._cache: dict[str, tuple[float, AccessKey]] = {}  # id → good until, key

    def create(
        self,
        account_id: str = DEFAULT_ACCOUNT_ID,
        rights: Rights = Rights(),  # noqa: B008 - frozen
        life: timedelta | None = None,
    ) -> AccessKey:
        """Create a key for an account of 12 digits.

        With a `life` the key is temporary, and has a session token beside its secret.
        """
        if not ACCOUNT_ID.fullmatch(account_id):
            raise ValueError(f"an account id has 12 digits, got {account_id!r}")
        now = utc_now()
        key = AccessKey(
            id=_new_id(TEMPORARY_ID_PREFIX if life else ID_PREFIX),
            account_id=account_id,
            created_at=now,
            expires_at=now + life if life else None,
            rights=replace(rights, uploads=self._uploads(account_id)),
            secret=_new_secret(SECRET_LENGTH),
            session_token=_new_secret(SESSION_TOKEN_LENGTH) if life else "",
        )
        with self._database.writing() as connection:
            connection.execute(insert(ACCESS_KEYS).values(self._columns(key)))
        return key

    @retry_on_disconnect
    def entries(self) -> list[AccessKeyEntry]:
        """List all keys, oldest first, without their secrets."""
        columns = ACCESS_KEYS.c
        query = select(ACCESS_KEYS).order_by(columns.created_at, columns.id)
        with self._database.reading() as connection:
            rows = connection.execute(query)
            return [
                AccessKeyEntry(
                    row.id, row.account_id, row.created_at, row.expires_at, self._rights(row)
                )
                for row in rows
            ]

    @retry_on_disconnect
    def revoke(self, key_id: str) -> bool:
        """Delete a key; False if there was none. Other processes refuse it within 5 seconds."""
        with self._database.writing() as connection:
            revoked = connection.execute(delete(ACCESS_KEYS).where(ACCESS_KEYS.c.id == key_id))
        self._cache.pop(key_id, None)
        return revoked.rowcount > 0

    def check_sealing_key(self) -> None:
        """Raise SettingsError if the stored keys were sealed with another key file."""
        query = select(ACCESS_KEYS).order_by(ACCESS_KEYS.c.created_at).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is not None:
            self._decrypt(row)

    def find(self, key_id: str) -> AccessKey | None:
        """Find a key by its id; None if there is none."""
        if not (key_id.isascii() and key_id.isalnum()):
            return None  # text as clients may send it, which not every database can hold
        good_until, key = self._cache.get(key_id, (0.0, None))
        if key is not None and self._clock() < good_until:
            return key
        key = self._read(key_id)
        if key is None:
            # Unknown ids are not cached: guessed ones could fill the memory.
            self._cache.pop(key_id, None)
        else:
            self._cache[key_id] = (self._clock() + CACHE_SECONDS, key)
        return key

    @retry_on_disconnect
    def _read(self, key_id: str) -> AccessKey | None:
        query = select(ACCESS_KEYS).where(ACCESS_KEYS.c.id == key_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self._decrypt(row)

    def _rights(self, row: Row[tuple[object, ...]]) -> Rights:
        stored: dict[str, list[str]] = row.rights or {}
        patterns = {name: tuple(listed) for name, listed in stored.items()}
        return Rights(**patterns, uploads=self._uploads(row.account_id))

    def _uploads(self, account_id: str) -> OwnUploads | None:
        return OwnUploads(self._upload_bucket, account_id) if self._upload_bucket else None

    def _columns(self, key: AccessKey) -> dict[str, object]:
        seal = self._sealing_key.seal
        token = key.session_token.encode()
        return {
            "id": key.id,
            "account_id": key.account_id,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "rights": key.rights.patterns(),
            "sealed_secret": seal(key.secret.encode(), key.id.encode()),
            "sealed_session_token": seal(token, _token_label(key.id)) if token else None,
        }

    def _decrypt(self, row: Row[tuple[object, ...]]) -> AccessKey:
        unseal = self._sealing_key.open
        sealed_token = row.sealed_session_token
        return AccessKey(
            id=row.id,
            account_id=row.account_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            rights=self._rights(row),
            secret=unseal(row.sealed_secret, row.id.encode()).decode(),
            session_token=unseal(sealed_token, _token_label(row.id)).decode()
            if sealed_token
            else "",
        )


def _token_label(key_id: str) -> bytes:
    # Another than the secret's, so that neither can be put in the other's place.
    return f"{key_id} session token".encode()


def _new_id(prefix: str) -> str:
    return prefix + base64.b32encode(secrets.token_bytes(ID_RANDOM_BYTES)).decode()


def _new_secret(length: int) -> str:
    return "".join(secrets.choice(SECRET_ALPHABET) for _ in range(length))
