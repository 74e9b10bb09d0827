"""What a Ray cluster is asked, and what the process says that speaks to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from passerby.processes.limits import NO_LIMITS, Limits

T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")

DEFAULT_PATIENCE_SECONDS = 300.0


class ClusterTask(Protocol[T_contra, R_co]):
    """Observes one shard on some node, several frames at the same time."""

    def __call__(
        self, shard: T_contra, report: Callable[[float], None], /, *, threads: int
    ) -> R_co:
        """`report` is told how much of the shard is done, in [0, 1]."""
        ...


@dataclass(frozen=True)
class Cluster:
    """Which cluster, and what each shard asks of one of its nodes."""

    address: str  # of its head, HOST:PORT
    demands: Mapping[str, float] = field(default_factory=dict)  # beside cores; Ray's names
    patience_s: float = DEFAULT_PATIENCE_SECONDS  # with no node that offers all that
    limits: Limits = NO_LIMITS  # of the process on a node that observes a shard


@dataclass(frozen=True)
class FractionsDone:
    """Said by the driver: how much of each shard is done."""

    of_shards: Sequence[float]


@dataclass(frozen=True)
class LogMessage:
    """Said by the driver: what the log should tell."""

    text: str


@dataclass(frozen=True)
class RunSucceeded(Generic[R]):
    """Said by the driver at last: what each shard gave."""

    results: list[R]


@dataclass(frozen=True)
class RunFailed:
    """Said by the driver instead: why there are no results."""

    error: Exception


Message = FractionsDone | LogMessage | RunSucceeded[R] | RunFailed
