"""Rate limits: token buckets, kept in memory.

Source: J. S. Turner, "New directions in communications (or which way to the
information age?)", IEEE Communications Magazine 24(10), 1986: the leaky bucket as
a meter.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class RateLimiter:
    """A limit of `per_second` for each of many names, with bursts of `burst`.

    Parameters
    ----------
    per_second : float
        Tokens added to a bucket per second.
    burst : float
        Tokens in a full bucket: at least 1, or nothing would ever pass.
    names_limit : int
        Number of names that are kept. Beyond it the name unused for longest is
        forgotten, and starts with a full bucket when it returns.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self,
        per_second: float,
        burst: float,
        names_limit: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not per_second > 0 or not burst >= 1:
            raise ValueError(f"no such rate: {per_second} per second, bursts of {burst}")
        self._per_second = per_second
        self._burst = burst
        self._names_limit = names_limit
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # level, when

    def take(self, name: Hashable) -> bool:
        """Take a token for a name; False if there is none."""
        with self._lock:
            level = self._level(name)
            if level < 1:
                return False
            self._buckets[name] = (level - 1, self._clock())
            self._buckets.move_to_end(name)
            if len(self._buckets) > self._names_limit:
                self._buckets.popitem(last=False)
            return True

    def _level(self, name: Hashable) -> float:
        level, when = self._buckets.get(name, (self._burst, 0.0))
        return min(self._burst, level + (self._clock() - when) * self._per_second)
