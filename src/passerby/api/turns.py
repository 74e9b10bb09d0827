"""Let no account have more than its share of the calls that wait for a store."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from passerby.api import faults
from passerby.api.faults import Fault

# Half of the threads for Starts: a store that hangs for one account leaves the other half.
CALLS_OF_ACCOUNT = 16
PATIENCE_SECONDS = 1.0  # a call more is waited with so long, as most calls take milliseconds


class Turns:
    """Calls under way, by account. Safe to use from many threads."""

    def __init__(
        self, calls: int = CALLS_OF_ACCOUNT, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._calls = calls
        self._patience = patience_seconds
        self._under_way: Counter[str] = Counter()
        self._ended = threading.Condition()

    @contextmanager
    def turn(self, account_id: str) -> Iterator[None]:
        """Count a call of an account while the block runs.

        Raises
        ------
        Fault
            ThrottlingException if the account has too many, and none ends for a while.
        """
        with self._ended:
            if not self._ended.wait_for(lambda: self._is_free(account_id), self._patience):
                raise Fault(faults.THROTTLING)
            self._under_way[account_id] += 1
        try:
            yield
        finally:
            with self._ended:
                self._under_way[account_id] -= 1
                if not self._under_way[account_id]:
                    del self._under_way[account_id]
                self._ended.notify_all()

    def _is_free(self, account_id: str) -> bool:
        return self._under_way[account_id] < self._calls
