"""What is done again when the database could not be reached for a moment.

A server is restarted, or cuts a connection: the transaction under way is lost, as a
whole, and the next connection may work. SQLite has no such moments.
"""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

logger = logging.getLogger(__name__)

# Longer than a server takes to start again; less than a worker's lease, and than AWS
# clients wait for an answer (60 s).
PATIENCE_SECONDS = 20.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0

# PostgreSQL documentation, appendix A: too many connections; server is starting or
# stopping; this transaction was the one to give way.
PASSING_STATES = {"53300", "57P03", "40001", "40P01"}
# The server ended this connection, on command or in a crash; of a connection that was not
# ready yet SQLAlchemy does not say so.
CUT_STATES = {"57P01", "57P02"}

P = ParamSpec("P")
T = TypeVar("T")


def was_cut(error: DBAPIError) -> bool:
    """Whether the connection was there, and broke."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in CUT_STATES


def run_with_retry(
    transaction: Callable[[int], T], passes: Callable[[DBAPIError], bool] | None = None
) -> T:
    """Carry out one transaction, again and again where an outage of `PATIENCE_SECONDS` asks for it.

    Parameters
    ----------
    transaction : Callable
        Is told how often it was tried before. Where the connection is cut while it
        commits, nobody knows whether it did: it must do no harm when it is done twice.
    passes : Callable, optional
        Tells which errors may be over soon; unless given, also those to connect at all.
    """
    passes = passes or _passes
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = FIRST_PAUSE_SECONDS
    earlier_tries = 0
    while True:
        try:
            return transaction(earlier_tries)
        except DBAPIError as error:
            if not passes(error) or time.monotonic() + pause > deadline:
                raise
            logger.warning("the database could not be reached: %s", error.orig)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        earlier_tries += 1


def retry_on_disconnect(transaction: Callable[P, T]) -> Callable[P, T]:
    """Repeat a transaction, which may be done twice, where the connection was cut."""

    @wraps(transaction)
    def outlasting(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_with_retry(lambda _earlier_tries: transaction(*args, **kwargs))

    return outlasting


def _passes(error: DBAPIError) -> bool:
    # psycopg gives no state where there was no connection; errors of SQLite have none at all.
    state = getattr(error.orig, "sqlstate", "")
    return was_cut(error) or state is None or state in PASSING_STATES
