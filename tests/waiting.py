"""Wait for what another thread or process does."""

import time
from collections.abc import Callable

# A safety net: nothing here takes so long, on however slow a machine.
PATIENCE_SECONDS = 900.0
LOOK_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds.

    Raises
    ------
    AssertionError
        If it does not within so many seconds.
    """
    assert is_true_within(condition, seconds), "what was waited for did not happen"


def is_true_within(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds, for so many seconds at most; gives whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True
