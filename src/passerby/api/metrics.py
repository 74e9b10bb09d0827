"""What the service counts of itself, for Prometheus to read.

No account, key, bucket or job is named: whoever may read the figures learns how much
is done, not for whom.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# From a page out of memory to a slow disk. Seconds.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class QueueStats(Protocol):
    """How the jobs stand, and the messages about them."""

    @property
    def jobs(self) -> Mapping[str, int]:
        """How many there are, by state."""

    @property
    def longest_wait_seconds(self) -> float:
        """Of the jobs still queued; 0 where there are none."""

    @property
    def abandoned_jobs(self) -> int:
        """How many run without a word of their worker."""

    @property
    def repeated_jobs(self) -> int:
        """How many that are open were taken up more than once."""

    @property
    def messages(self) -> Mapping[str, int]:
        """How many there are about ended jobs, by state."""

    @property
    def longest_untold_seconds(self) -> float:
        """Of the messages still to be delivered; 0 where there are none."""


class Metrics:
    """The figures of one server process, and of the jobs it knows.

    Parameters
    ----------
    take_census : callable
        Asked anew each time somebody reads the figures.
    folder : Path, optional
        Whose disk must not become full.
    """

    def __init__(
        self, read_queue_stats: Callable[[], QueueStats], folder: Path | None = None
    ) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "passerby_requests",
            "Requests answered, by operation and error code.",
            ["operation", "code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "passerby_request_seconds",
            "From the whole request to the whole answer, by operation.",
            ["operation"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_StoreFigures(read_queue_stats))
        if folder is not None:
            self._watch_process_and(folder)

    def count(self, operation: str, code: str, seconds: float) -> None:
        """Count one exchange; `code` is that of the fault, or "OK"."""
        self._requests.labels(operation, code).inc()
        self._seconds.labels(operation).observe(seconds)

    def exposition(self) -> bytes:
        """All figures as Prometheus reads them."""
        return generate_latest(self._registry)

    def _watch_process_and(self, folder: Path) -> None:
        ProcessCollector(registry=self._registry)
        build = Info("passerby_build", "What is running.", registry=self._registry)
        build.info({"version": version("passerby")})
        free = Gauge(
            "passerby_disk_free_bytes",
            "Room left on the disk of the data folder.",
            registry=self._registry,
        )
        free.set_function(lambda: shutil.disk_usage(folder).free)


class _StoreFigures(Collector):
    """Figures of the job store, taken when somebody reads them."""

    def __init__(self, read_queue_stats: Callable[[], QueueStats]) -> None:
        self._read_queue_stats = read_queue_stats

    def collect(self) -> Iterator[Metric]:
        """Take the figures."""
        taken = self._read_queue_stats()
        yield _by_state("passerby_jobs", "Jobs by state.", taken.jobs)
        yield _by_state("passerby_messages", "Messages about ended jobs by state.", taken.messages)
        yield GaugeMetricFamily(
            "passerby_queue_age_seconds",
            "How long the oldest queued job has waited.",
            taken.longest_wait_seconds,
        )
        yield GaugeMetricFamily(
            "passerby_message_age_seconds",
            "How long the oldest message still to be delivered has waited.",
            taken.longest_untold_seconds,
        )
        yield GaugeMetricFamily(
            "passerby_abandoned_jobs",
            "Jobs that run, but whose worker was not heard of in time.",
            taken.abandoned_jobs,
        )
        yield GaugeMetricFamily(
            "passerby_repeated_jobs",
            "Open jobs that were taken up more than once.",
            taken.repeated_jobs,
        )


def _by_state(name: str, documentation: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family
