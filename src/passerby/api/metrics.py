"""Metrics of the service for Prometheus.

No account, key, bucket or job is named: the metrics show how much is done, not for whom.
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
    """Numbers of jobs and of messages about them."""

    @property
    def jobs(self) -> Mapping[str, int]:
        """Number of jobs, by state."""

    @property
    def longest_wait_seconds(self) -> float:
        """Wait of the oldest queued job; 0 without any."""

    @property
    def stalled_jobs(self) -> int:
        """Number of running jobs whose worker has stopped sending heartbeats."""

    @property
    def repeated_jobs(self) -> int:
        """Number of open jobs that were started more than once."""

    @property
    def messages(self) -> Mapping[str, int]:
        """Number of messages about ended jobs, by state."""

    @property
    def longest_pending_seconds(self) -> float:
        """Wait of the oldest undelivered message; 0 without any."""


class Metrics:
    """The metrics of one server process and of the job queue.

    Parameters
    ----------
    read_queue_stats : callable
        Called each time the metrics are read.
    folder : Path, optional
        Data folder, on whose disk free space is measured.
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
        self._registry.register(_QueueCollector(read_queue_stats))
        if folder is not None:
            self._add_process_metrics(folder)

    def count(self, operation: str, code: str, seconds: float) -> None:
        """Count one exchange; `code` is that of the fault, or "OK"."""
        self._requests.labels(operation, code).inc()
        self._seconds.labels(operation).observe(seconds)

    def exposition(self) -> bytes:
        """Write all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _add_process_metrics(self, folder: Path) -> None:
        ProcessCollector(registry=self._registry)
        build = Info("passerby_build", "What is running.", registry=self._registry)
        build.info({"version": version("passerby")})
        free = Gauge(
            "passerby_disk_free_bytes",
            "Room left on the disk of the data folder.",
            registry=self._registry,
        )
        free.set_function(lambda: shutil.disk_usage(folder).free)


class _QueueCollector(Collector):
    """Metrics of the job queue, computed when they are read."""

    def __init__(self, read_queue_stats: Callable[[], QueueStats]) -> None:
        self._read_queue_stats = read_queue_stats

    def collect(self) -> Iterator[Metric]:
        """Compute the metrics."""
        stats = self._read_queue_stats()
        yield _by_state("passerby_jobs", "Jobs by state.", stats.jobs)
        yield _by_state("passerby_messages", "Messages about ended jobs by state.", stats.messages)
        yield GaugeMetricFamily(
            "passerby_queue_age_seconds",
            "How long the oldest queued job has waited.",
            stats.longest_wait_seconds,
        )
        yield GaugeMetricFamily(
            "passerby_message_age_seconds",
            "How long the oldest message still to be delivered has waited.",
            stats.longest_pending_seconds,
        )
        yield GaugeMetricFamily(
            "passerby_abandoned_jobs",
            "Stalled jobs: running, but their worker has not reported in time.",
            stats.stalled_jobs,
        )
        yield GaugeMetricFamily(
            "passerby_repeated_jobs",
            "Open jobs in their second or a later attempt.",
            stats.repeated_jobs,
        )


def _by_state(name: str, documentation: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family
