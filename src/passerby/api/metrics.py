"""What the service counts of itself, for Prometheus to read.

No account, key, bucket or job is named: whoever may read the figures learns how much
is done, not for whom.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# From a page out of memory to a slow disk. Seconds.
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Census(Protocol):
    """How the jobs stand."""

    @property
    def jobs(self) -> Mapping[str, int]:
        """How many there are, by state."""

    @property
    def longest_wait_seconds(self) -> float:
        """Of the jobs still queued; 0 where there are none."""


class Metrics:
    """The figures of one server process, and of the jobs it knows."""

    def __init__(self, take_census: Callable[[], Census]) -> None:
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
        self._registry.register(_JobFigures(take_census))

    def count(self, operation: str, code: str, seconds: float) -> None:
        """Count one exchange; `code` is that of the fault, or "OK"."""
        self._requests.labels(operation, code).inc()
        self._seconds.labels(operation).observe(seconds)

    def exposition(self) -> bytes:
        """All figures as Prometheus reads them."""
        return generate_latest(self._registry)


class _JobFigures(Collector):
    """Figures of the job store, taken when somebody reads them."""

    def __init__(self, take_census: Callable[[], Census]) -> None:
        self._take_census = take_census

    def describe(self) -> Iterator[Metric]:
        """Name the figures without a look into the store."""
        yield _jobs_by_state()
        yield _queue_age()

    def collect(self) -> Iterator[Metric]:
        """Take the figures."""
        census = self._take_census()
        jobs = _jobs_by_state()
        for state, count in census.jobs.items():
            jobs.add_metric([state], count)
        yield jobs
        wait = _queue_age()
        wait.add_metric([], census.longest_wait_seconds)
        yield wait


def _jobs_by_state() -> GaugeMetricFamily:
    return GaugeMetricFamily("passerby_jobs", "Jobs by state.", labels=["state"])


def _queue_age() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "passerby_queue_age_seconds", "How long the oldest queued job has waited.", labels=[]
    )
