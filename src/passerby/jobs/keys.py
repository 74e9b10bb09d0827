"""Who may call, and with what secret: the access keys.

A signature can only be checked by one who knows the secret, so secrets are
sealed, not hashed.
"""

import base64
import re
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from passerby.jobs.database import Database
from passerby.jobs.job import utc_now
from passerby.jobs.schema import ACCESS_KEYS
from passerby.jobs.sealing import SealingKey

DEFAULT_ACCOUNT_ID = "000000000000"
ACCOUNT_ID = re.compile(r"[0-9]{12}")

# The form of a long-term key: IAM User Guide, "IAM identifiers", unique ids, and
# the length of the secrets it issues.
ID_PREFIX = "AKIA"
ID_RANDOM_BYTES = 10  # 16 characters of base 32
SECRET_LENGTH = 40
SECRET_ALPHABET = string.ascii_letters + string.digits  # needs no quoting anywhere

# A request must not cost a database query; a revoked key must die soon, also in
# the other processes.
CACHE_SECONDS = 5.0


@dataclass(frozen=True)
class AccessKeyEntry:
    """What may be shown of an access key."""

    id: str  # "AKIA" and 16 characters of base 32
    account_id: str  # 12 digits
    created_at: datetime  # aware, UTC


@dataclass(frozen=True)
class AccessKey(AccessKeyEntry):
    """An access key with its secret."""

    secret: str = field(repr=False)  # 40 letters and digits


class AccessKeys:
    """The access keys of one database. Safe to use from many threads and processes."""

    def __init__(
        self,
        database: Database,
        sealing_key: SealingKey,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._sealing_key = sealing_key
        self._clock = clock
        self._cache: dict[str, tuple[float, AccessKey]] = {}  # id → good until, key

    def create(self, account_id: str = DEFAULT_ACCOUNT_ID) -> AccessKey:
        """Make a key for an account of 12 digits; the only time its secret need be shown."""
        if not ACCOUNT_ID.fullmatch(account_id):
            raise ValueError(f"an account id has 12 digits, got {account_id!r}")
        key = AccessKey(_new_id(), account_id, utc_now(), _new_secret())
        row = insert(ACCESS_KEYS).values(
            id=key.id,
            account_id=key.account_id,
            sealed_secret=self._sealing_key.seal(key.secret.encode(), key.id.encode()),
            created_at=key.created_at,
        )
        with self._database.writing() as connection:
            connection.execute(row)
        return key

    def entries(self) -> list[AccessKeyEntry]:
        """All keys, oldest first, without their secrets."""
        columns = ACCESS_KEYS.c
        query = select(columns.id, columns.account_id, columns.created_at)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(columns.created_at, columns.id))
            return [AccessKeyEntry(*row) for row in rows]

    def revoke(self, key_id: str) -> bool:
        """End a key; False if there was none. Other processes follow within 5 seconds."""
        with self._database.writing() as connection:
            revoked = connection.execute(delete(ACCESS_KEYS).where(ACCESS_KEYS.c.id == key_id))
        self._cache.pop(key_id, None)
        return revoked.rowcount > 0

    def find(self, key_id: str) -> AccessKey | None:
        """Look a key up by its id; None if there is no such key."""
        good_until, key = self._cache.get(key_id, (0.0, None))
        if key is not None and self._clock() < good_until:
            return key
        key = self._read(key_id)
        if key is None:
            # Unknown ids are not remembered: whoever guesses could fill the memory.
            self._cache.pop(key_id, None)
        else:
            self._cache[key_id] = (self._clock() + CACHE_SECONDS, key)
        return key

    def _read(self, key_id: str) -> AccessKey | None:
        query = select(ACCESS_KEYS).where(ACCESS_KEYS.c.id == key_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        secret = self._sealing_key.open(row.sealed_secret, row.id.encode())
        return AccessKey(row.id, row.account_id, row.created_at, secret.decode())


def _new_id() -> str:
    return ID_PREFIX + base64.b32encode(secrets.token_bytes(ID_RANDOM_BYTES)).decode()


def _new_secret() -> str:
    return "".join(secrets.choice(SECRET_ALPHABET) for _ in range(SECRET_LENGTH))
