"""Share with a process how far its shard is, and whether it should stop.

Plain shared memory: each number has one writer, and only its latest value
counts. A queue or an event would have a lock, and a process killed while it
holds a lock stops its parent.
"""

import ctypes
from dataclasses import dataclass
from multiprocessing.context import SpawnContext


@dataclass(frozen=True)
class SharedProgress:
    """Shared with one process; handed over when that is started."""

    fraction: ctypes.c_double  # done of the shard under way, in [0, 1]
    reports: ctypes.c_ulong  # how many there were: stands still while there is no progress
    stop: ctypes.c_bool  # set by the parent, for good


def new_shared_progress(context: SpawnContext) -> SharedProgress:
    """Make a board of a process that has done nothing and is not to stop."""
    return SharedProgress(
        context.RawValue(ctypes.c_double, 0.0),
        context.RawValue(ctypes.c_ulong, 0),
        context.RawValue(ctypes.c_bool, False),  # noqa: FBT003
    )
