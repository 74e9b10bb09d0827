"""Idempotency of requests: a client token finds the job that an earlier request made.

Clients repeat a request whose answer they did not get. The token makes the
repetition harmless for as long as it is kept.
"""

import hashlib
import json
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from passerby.database.schema import TOKENS
from passerby.errors import TokenReused
from passerby.jobs.job import JsonObject, NewJob

# Amazon Rekognition Developer Guide, "Calling Amazon Rekognition Video
# operations": a client request token may be used anew after 7 days, and results are
# kept for as long.
RETENTION = timedelta(days=7)


def earlier_job_id(connection: Connection, new: NewJob, issued_after: datetime) -> str | None:
    """Find the job that the same request made earlier; None without one, or without a token.

    Raises
    ------
    TokenReused
        If the token came with another request, after `issued_after`.
    """
    if new.token is None:
        return None
    alive = TOKENS.c.issued_at > issued_after
    query = select(TOKENS.c.job_id, TOKENS.c.request_sha256).where(_same_token(new), alive)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.request_sha256 != _digest(new.request):
        raise TokenReused
    return str(row.job_id)


def remember(connection: Connection, new: NewJob, job_id: str, now: datetime) -> None:
    """Store which job the token of a request made, if it has one."""
    if new.token is None:
        return
    connection.execute(delete(TOKENS).where(_same_token(new)))  # an expired one
    issued = insert(TOKENS).values(
        account_id=new.account_id,
        operation=new.operation,
        token=new.token,
        job_id=job_id,
        request_sha256=_digest(new.request),
        issued_at=now,
    )
    connection.execute(issued)


def _same_token(new: NewJob) -> ColumnElement[bool]:
    return and_(
        TOKENS.c.account_id == new.account_id,
        TOKENS.c.operation == new.operation,
        TOKENS.c.token == new.token,
    )


def _digest(request: JsonObject) -> str:
    """SHA-256 over the request with its members sorted: their order carries no meaning."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
