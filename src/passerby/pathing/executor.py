"""Declare what `analyse` asks of whoever runs its work: this machine, or a cluster."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from passerby.pathing.plan import Shard
from passerby.records import FractionCallback

R = TypeVar("R")

#: Told the number of a shard, and how much of it is done, in [0, 1].
ShardCallback = Callable[[int, float], None]


class ShardTask(Protocol):
    """Work on one shard, with some threads; can be sent to other processes."""

    def __call__(self, shard: Shard, on_progress: FractionCallback, /, *, threads: int) -> object:
        """Do the work; pure, as it is done again if its process dies."""
        ...


class Executor(Protocol):
    """Runs the planning of a video, and a task on each of its shards.

    Both raise `EngineError` where processes or machines are lost time and again, and
    otherwise the first exception of the work or of a callback, which ends the rest.
    """

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        """Do one thing and return its result; `on_tick` is called again and again meanwhile."""
        ...

    def map(self, task: ShardTask, shards: Sequence[Shard], on_progress: ShardCallback) -> object:
        """Do the task on every shard, several at a time; 1.0 is told when a shard is kept."""
        ...
