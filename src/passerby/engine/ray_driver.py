"""What the process does that speaks to a Ray cluster: it hands out shards, one a task.

Ray's own retries are off: a node that vanishes is nobody's fault, a process that dies
may have died of its shard, and Ray counts them as one.
"""

import logging
import os
import pickle
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import ray
from ray import exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from passerby.engine.ray_messages import (
    Cluster,
    ClusterTask,
    FractionsDone,
    LogMessage,
    RunFailed,
    RunSucceeded,
)
from passerby.engine.ray_node import ProgressActor, observe_shard
from passerby.errors import EngineError

STDOUT, STDERR = 1, 2

T = TypeVar("T")
R = TypeVar("R")

# A process that dies a third time over the same shard dies of that shard; nodes are
# taken away for many reasons.
MAX_DEATHS = 2
MAX_LOST_NODES = 20

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
TICK_SECONDS = 0.2
LOOK_SECONDS = 5.0  # between two looks at which nodes there are

# As `passerby` itself starts.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}


def drive(
    to_parent: Connection, work: ClusterTask[T, R], shards: Sequence[T], cluster: Cluster
) -> None:
    """Run shards on the cluster; say how far they are, and what they gave."""
    # Ctrl-C goes to every process of a terminal; what it means, the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(STDERR, STDOUT)  # Ray prints; what the parent prints is for programs to read
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with _connected(cluster.address):
            to_parent.send(RunSucceeded(_Run(to_parent, work, shards, cluster).results()))
    except Exception as error:  # noqa: BLE001 - the parent raises it
        to_parent.send(RunFailed(error))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """A connection to the cluster for as long as the block lasts."""
    _check_answers(address)
    try:
        ray.init(
            address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": ENVIRONMENT},
        )
    # Of another version, or no node of the cluster runs on this machine.
    except (ConnectionError, RuntimeError, ValueError, exceptions.RayError) as error:
        raise EngineError(f"The Ray cluster at {address} cannot be used: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Refuse an address where nobody listens: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise EngineError(f"There is no Ray cluster at {address}: {error}") from error


class _Run:
    """The shards of one video on their way through a cluster."""

    def __init__(
        self, to_parent: Connection, work: ClusterTask[T, R], shards: Sequence[T], cluster: Cluster
    ) -> None:
        self._to_parent = to_parent
        self._payloads = [pickle.dumps((work, shard)) for shard in shards]
        self._patience = _Patience(cluster)
        self._progress = _progress_actor_here(len(shards))
        self._submit = self._submitter(cluster)
        self._deaths: Counter[int] = Counter()
        self._lost_nodes: Counter[int] = Counter()

    def results(self) -> list[Any]:
        """What the shards gave, in their order."""
        results: dict[int, object] = {}
        under_way = {self._submit(number): number for number in range(len(self._payloads))}
        while under_way:
            ended, _ = ray.wait(list(under_way), num_returns=len(under_way), timeout=TICK_SECONDS)
            for reference in ended:
                number = under_way.pop(reference)
                try:
                    results[number] = _result(reference)
                except (_NodeLost, _ProcessDied) as loss:
                    self._count(loss, number)
                    under_way[self._submit(number)] = number
            self._patience.check()
            self._tell()
        return [results[number] for number in range(len(self._payloads))]

    def _submitter(self, cluster: Cluster) -> Callable[[int], Any]:
        """How a shard is handed in, once there is a node for it."""
        while not (nodes := self._patience.check()):
            self._to_parent.send(FractionsDone([0.0] * len(self._payloads)))
            time.sleep(TICK_SECONDS)
        threads = threads_a_shard([int(node["CPU"]) for node in nodes], len(self._payloads))
        demands = cluster.demands
        others = {name: amount for name, amount in demands.items() if name != "GPU"}
        task = ray.remote(
            num_cpus=threads,
            num_gpus=demands.get("GPU", 0),
            resources=others,
            max_retries=0,
            scheduling_strategy="SPREAD",
        )(observe_shard)
        ours = version("passerby")
        return lambda number: task.remote(
            ours, self._payloads[number], number, threads, cluster.limits, self._progress
        )

    def _count(self, loss: "_NodeLost | _ProcessDied", number: int) -> None:
        """Note that a shard begins anew; refuse to where it took too much, or died too often."""
        if isinstance(loss, _ProcessDied):
            self._refuse_excess(number)
        self._to_parent.send(LogMessage(f"shard {number} begins anew: {loss}"))
        (self._lost_nodes if isinstance(loss, _NodeLost) else self._deaths)[number] += 1
        deaths, lost = self._deaths[number], self._lost_nodes[number]
        if deaths > MAX_DEATHS:
            raise EngineError(
                f"The processes that analysed shard {number} of the video were killed {deaths} "
                "times; there may be too little memory for so many at once."
            )
        if lost > MAX_LOST_NODES:
            raise EngineError(f"Shard {number} of the video lost {lost} nodes of the cluster.")

    def _refuse_excess(self, number: int) -> None:
        with suppress(exceptions.GetTimeoutError):
            reason = ray.get(self._progress.reason.remote(number), timeout=ANSWER_SECONDS)
            if reason:
                raise EngineError(f"The analysis of shard {number} of the video {reason}.")

    def _tell(self) -> None:
        # A node that is slow to die makes the board late, which is no failure.
        with suppress(exceptions.GetTimeoutError):
            fractions = ray.get(self._progress.fractions.remote(), timeout=ANSWER_SECONDS)
            self._to_parent.send(FractionsDone(fractions))


class _NodeLost(Exception):
    """The node vanished on which a shard was."""


class _ProcessDied(Exception):
    """The process was killed in which a shard was."""


def _result(reference: Any) -> Any:  # noqa: ANN401 - Ray's handle of any result
    """What a shard gave; what its work raised is raised as it was."""
    try:
        return ray.get(reference)
    except exceptions.NodeDiedError as error:
        raise _NodeLost("its node was lost") from error
    except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError) as error:
        raise _ProcessDied("its process was killed") from error
    except exceptions.RayTaskError as error:
        if isinstance(error.cause, Exception):
            error.cause.add_note(str(error))  # which has the traceback of the node
            raise error.cause from error
        raise EngineError(str(error)) from error
    except exceptions.RayError as error:
        raise EngineError(f"The Ray cluster failed: {error}") from error


class _Patience:
    """Waits for nodes to come, as a cluster may start them on demand, but not for ever."""

    def __init__(self, cluster: Cluster) -> None:
        self._demands = {"CPU": 1.0, **cluster.demands}
        self._patience_s = cluster.patience_s
        self._last_seen = time.monotonic()
        self._next_look = self._last_seen
        self._nodes: list[dict[str, float]] = []

    def check(self) -> list[dict[str, float]]:
        """Resources of the nodes that can take a shard, as of a moment ago."""
        now = time.monotonic()
        if now >= self._next_look or not self._nodes:
            self._next_look = now + LOOK_SECONDS
            alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._nodes = [node for node in alive if fits(self._demands, node)]
        if self._nodes:
            self._last_seen = now
        elif now - self._last_seen > self._patience_s:
            wanted = ", ".join(f"{name} {amount:g}" for name, amount in self._demands.items())
            raise EngineError(f"No node of the Ray cluster offers {wanted}.")
        return self._nodes


def fits(demands: Mapping[str, float], node: Mapping[str, float]) -> bool:
    """Whether a node offers all that is asked for.

    Examples
    --------
    >>> fits({"CPU": 1, "GPU": 0.5}, {"CPU": 8, "GPU": 1})
    True
    >>> fits({"CPU": 1, "GPU": 0.5}, {"CPU": 8})
    False
    """
    return all(node.get(name, 0.0) >= amount for name, amount in demands.items())


def threads_a_shard(cores_of_nodes: Sequence[int], shard_count: int) -> int:
    """How many cores each shard gets: more than one only where cores would be idle.

    Examples
    --------
    >>> threads_a_shard([8, 4], shard_count=60)
    1
    >>> threads_a_shard([8, 4], shard_count=3)
    4
    >>> threads_a_shard([8, 4], shard_count=1)
    4
    """
    return max(1, min(sum(cores_of_nodes) // shard_count, *cores_of_nodes))


def _progress_actor_here(shard_count: int) -> Any:  # noqa: ANN401 - Ray's handle of an actor
    """A board on this machine, which no other node's end takes away."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0, scheduling_strategy=here)(ProgressActor).remote(shard_count)
