"""Sessions that were ended before their time, for all processes and across restarts."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, insert, select

from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import ENDED_SESSIONS


class EndedSessions:
    """A list of ended sessions in one database; it holds digests of cookies only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retry_on_disconnect
    def add(self, cookie: str, ends_at: datetime, now: datetime) -> None:
        """Remember that a session has ended, until it would have ended by itself."""
        over = delete(ENDED_SESSIONS).where(ENDED_SESSIONS.c.ends_at < now)
        digest = _digest(cookie)
        with self._database.writing() as connection:
            connection.execute(over)
            known = select(ENDED_SESSIONS).where(ENDED_SESSIONS.c.digest == digest)
            if connection.execute(known).first() is None:
                connection.execute(insert(ENDED_SESSIONS).values(digest=digest, ends_at=ends_at))

    @retry_on_disconnect
    def has(self, cookie: str) -> bool:
        """Whether the session of a cookie was ended."""
        query = select(ENDED_SESSIONS.c.digest).where(ENDED_SESSIONS.c.digest == _digest(cookie))
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
