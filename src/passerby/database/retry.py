"""Retries of transactions while the database is briefly unreachable.

When a server restarts or cuts a connection, the running transaction is lost as a
whole, and the next connection may work. This does not happen with SQLite.
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
    """Whether an established connection broke."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in CUT_STATES


def run_with_retry(
    transaction: Callable[[int], T], is_passing: Callable[[DBAPIError], bool] | None = None
) -> T:
    """Run a transaction, and retry it for `PATIENCE_SECONDS` while the database is unreachable.

    Parameters
    ----------
    transaction : Callable
        Receives the number of earlier tries. If the connection is cut during the commit,
        nobody knows whether it took effect: running it twice must do no harm.
    is_passing : Callable, optional
        Whether an error may be over soon; by default also errors of connecting.
    """
    is_passing = is_passing or _is_passing
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = FIRST_PAUSE_SECONDS
    earlier_tries = 0
    while True:
        try:
            return transaction(earlier_tries)
        except DBAPIError as error:
            if not is_passing(error) or time.monotonic() + pause > deadline:
                raise
            logger.warning("the database cannot be reached: %s", error.orig)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        earlier_tries += 1


def retry_on_disconnect(transaction: Callable[P, T]) -> Callable[P, T]:
    """Retry a transaction, which must be safe to run twice, when the connection is cut."""

    @wraps(transaction)
    def with_retry(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_with_retry(lambda _earlier_tries: transaction(*args, **kwargs))

    return with_retry


def _is_passing(error: DBAPIError) -> bool:
    # psycopg gives no state where there was no connection; errors of SQLite have none at all.
    state = getattr(error.orig, "sqlstate", "")
    return was_cut(error) or state is None or state in PASSING_STATES
