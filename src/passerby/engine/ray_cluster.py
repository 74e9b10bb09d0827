"""Run shards on the machines of a Ray cluster.

Ray is spoken to by a process of its own, one a video. Where the head of the cluster is
lost, Ray ends whichever process spoke to it, at once or after a minute of silence; and
where that process ends, however it does, the cluster stops what it did for it.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from passerby import logs
from passerby.engine.local import ItemCallback, LocalExecutor
from passerby.engine.ray_messages import (
    Cluster,
    ClusterTask,
    LogMessage,
    Message,
    RunFailed,
    RunSucceeded,
)
from passerby.errors import EngineError
from passerby.records import FractionCallback

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

# The driver may be killed for what others on this machine do; not over and over.
MAX_DEATHS = 2

TICK_SECONDS = 0.1  # between two looks at what the driver says
# The driver speaks several times a second, save while it connects.
SILENCE_SECONDS = 60.0


class RayExecutor:
    """An `Executor`: shards run on the nodes of a cluster, the planning on this machine.

    Parameters
    ----------
    cluster : Cluster
    local : LocalExecutor
        Does the planning.
    """

    def __init__(self, cluster: Cluster, local: LocalExecutor) -> None:
        self.cluster = cluster
        self._local = local

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        """Do one thing; see `Executor.call`."""
        return self._local.call(work, on_tick)

    def map(
        self, task: ClusterTask[T, R], items: Sequence[T], on_progress: ItemCallback
    ) -> list[R]:
        """Do a task on every item; see `Executor.map`. The nodes log as this process does."""
        in_context = logs.current_log_settings().wrap(task)
        return map_on_cluster(in_context, items, on_progress, cluster=self.cluster)


class DriverDied(Exception):
    """The driver ended without a word."""


def map_on_cluster(
    work: ClusterTask[T, R], shards: Sequence[T], on_progress: ItemCallback, *, cluster: Cluster
) -> list[R]:
    """Observe shards on the nodes of a cluster, and return what they gave in their order.

    Parameters
    ----------
    work : callable
        Run once a shard in a process of some node; importable there by name and pure, as
        a shard is run again if its process or its node dies.
    on_progress : callable
        Called from this thread several times a second, also where nothing changed; when
        it raises, the nodes stop within 2 seconds.

    Raises
    ------
    EngineError
        If the cluster cannot be reached, offers no fitting node for long, or is lost; or
        if the processes of one shard die time and again.
    Exception
        The first one that `work` raised.
    """
    if not shards:
        return []
    if find_spec("ray") is None:
        raise EngineError("Ray is not installed: pip install 'passerby[ray]'.")
    for _ in range(1 + MAX_DEATHS):
        try:
            return _driven(work, shards, on_progress, cluster)
        except DriverDied:
            continue
    raise EngineError("The process that speaks to the Ray cluster was killed time and again.")


def _driven(
    work: ClusterTask[T, R], shards: Sequence[T], on_progress: ItemCallback, cluster: Cluster
) -> list[R]:
    context = get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    driver = context.Process(target=_drive, args=(said, work, shards, cluster))
    with closing(heard):
        try:
            driver.start()
            said.close()
            return _results(heard, on_progress, len(shards))
        finally:
            driver.kill()
            driver.join()


def _drive(
    said: Connection, work: ClusterTask[T, R], shards: Sequence[T], cluster: Cluster
) -> None:
    """Be the driver; no other process of passerby loads Ray."""
    from passerby.engine.ray_driver import drive  # noqa: PLC0415

    drive(said, work, shards, cluster)


def _results(heard: Connection, on_progress: ItemCallback, count: int) -> list[R]:
    """Pass on what the driver says until it has the results."""
    shown = [0.0] * count
    deadline = time.monotonic() + SILENCE_SECONDS
    while time.monotonic() < deadline:
        fractions: Sequence[float] = shown
        if heard.poll(TICK_SECONDS):
            deadline = time.monotonic() + SILENCE_SECONDS
            message: Message[R] = _next(heard)
            if isinstance(message, RunFailed):
                raise message.error
            if isinstance(message, RunSucceeded):
                _show([1.0] * count, shown, on_progress)
                return message.results
            if isinstance(message, LogMessage):
                logger.warning("%s", message.text)
            else:
                fractions = message.of_shards
        _show(fractions, shown, on_progress)
    raise EngineError("The Ray cluster does not answer.")


def _next(heard: Connection) -> Message[R]:
    try:
        message: Message[R] = heard.recv()
    except (EOFError, ConnectionError) as error:
        raise DriverDied from error
    return message


def _show(fractions: Sequence[float], shown: list[float], on_progress: ItemCallback) -> None:
    """Tell what changed; where nothing did, one thing again, for whoever wants to stop."""
    changed = [n for n, done in enumerate(fractions) if not math.isclose(done, shown[n])]
    for number in changed or [0]:
        shown[number] = fractions[number]
        on_progress(number, fractions[number])
