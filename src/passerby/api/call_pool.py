"""Places and threads for calls of one kind.

Calls that wait for a store or another endpoint have a pool of their own: however slowly it
answers, all others keep their threads, and memory for long bodies is bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from passerby.api import faults
from passerby.api.faults import Fault

T = TypeVar("T")

CALLS = 32  # under way at a time
WAITING_CALLS = 96  # beside those; any more are refused
LONG_BODIES = 8
LONG_BYTES = 256 * 1024


class CallPool:
    """Places for the calls of one event loop."""

    def __init__(self, calls: int = CALLS, waiting: int = WAITING_CALLS) -> None:
        self._threads = CapacityLimiter(calls)
        self._calls = asyncio.Semaphore(calls)
        self._long_bodies = asyncio.Semaphore(LONG_BODIES)
        self._free = calls + waiting

    @asynccontextmanager
    async def place(self, body_bytes: int | None) -> AsyncIterator[None]:
        """Hold a place for a call while the block runs, and one for a long body.

        Parameters
        ----------
        body_bytes : int or None
            Length of the body; None where it is not known.

        Raises
        ------
        Fault
            ThrottlingException where too many calls wait.
        """
        if not self._free:
            raise Fault(faults.THROTTLING)
        self._free -= 1
        try:
            async with self._calls, self._place_of_body(body_bytes):
                yield
        finally:
            self._free += 1

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call that blocks in one of the threads of the pool."""
        return await to_thread.run_sync(call, limiter=self._threads)

    def _place_of_body(self, body_bytes: int | None) -> AbstractAsyncContextManager[None]:
        short = body_bytes is not None and body_bytes <= LONG_BYTES
        return nullcontext() if short else self._long_bodies
