"""Open sessions when they are first needed and keep the ones used last."""

from collections.abc import Callable
from functools import lru_cache
from threading import Lock

from passerby.inference.session import Session


def cache_sessions(
    open_session: Callable[..., Session], at_most: int = 1
) -> Callable[..., Session]:
    """Wrap `open_session` so that the `at_most` sessions used last are opened only once.

    Of threads that ask at the same time, one opens the session and the others wait for it:
    it takes a quarter of a second of processor time.
    """
    cached = lru_cache(maxsize=at_most)(open_session)
    lock = Lock()

    def session(*size: int) -> Session:
        with lock:
            return cached(*size)

    return session
