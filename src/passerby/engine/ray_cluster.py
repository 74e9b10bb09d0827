"""How shards are run by the machines of a Ray cluster.

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

from passerby.engine.ray_messages import Cluster, Failed, Finished, Message, Remark, Work
from passerby.errors import EngineError

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

OnProgress = Callable[[int, float], None]  # number of the shard, fraction of it done in [0, 1]

# The driver may be killed for what others on this machine do; not over and over.
MAX_DEATHS = 2

TICK_SECONDS = 0.1  # between two looks at what the driver says
# The driver speaks several times a second, save while it connects.
SILENCE_SECONDS = 60.0


class DriverDied(Exception):
    """The driver ended without a word."""


def run_shards(
    work: Work[T, R], shards: Sequence[T], on_progress: OnProgress, *, cluster: Cluster
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
    work: Work[T, R], shards: Sequence[T], on_progress: OnProgress, cluster: Cluster
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


def _drive(said: Connection, work: Work[T, R], shards: Sequence[T], cluster: Cluster) -> None:
    """Be the driver; no other process of passerby loads Ray."""
    from passerby.engine.ray_driver import drive  # noqa: PLC0415

    drive(said, work, shards, cluster)


def _results(heard: Connection, on_progress: OnProgress, count: int) -> list[R]:
    """Pass on what the driver says until it has the results."""
    shown = [0.0] * count
    deadline = time.monotonic() + SILENCE_SECONDS
    while time.monotonic() < deadline:
        fractions: Sequence[float] = shown
        if heard.poll(TICK_SECONDS):
            deadline = time.monotonic() + SILENCE_SECONDS
            message: Message[R] = _next(heard)
            if isinstance(message, Failed):
                raise message.error
            if isinstance(message, Finished):
                _show([1.0] * count, shown, on_progress)
                return message.results
            if isinstance(message, Remark):
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


def _show(fractions: Sequence[float], shown: list[float], on_progress: OnProgress) -> None:
    """Tell what changed; where nothing did, one thing again, for whoever wants to stop."""
    changed = [n for n, done in enumerate(fractions) if not math.isclose(done, shown[n])]
    for number in changed or [0]:
        shown[number] = fractions[number]
        on_progress(number, fractions[number])
