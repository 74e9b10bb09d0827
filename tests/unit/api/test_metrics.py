import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from passerby.api.metrics import Metrics


@dataclass(frozen=True)
class QueueStats:
    jobs: Mapping[str, int] = field(default_factory=lambda: {"queued": 2, "failed": 0})
    longest_wait_seconds: float = 7.5
    stalled_jobs: int = 1
    repeated_jobs: int = 3
    messages: Mapping[str, int] = field(default_factory=lambda: {"pending": 4})
    longest_pending_seconds: float = 60.5


def figures(metrics: Metrics) -> dict[str, float]:
    """What Prometheus itself reads: name and labels, sorted by their names → value."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_before_any_request_there_is_the_store() -> None:
    assert figures(Metrics(QueueStats)) == {
        "passerby_jobs queued": 2,
        "passerby_jobs failed": 0,
        "passerby_queue_age_seconds": 7.5,
        "passerby_abandoned_jobs": 1,
        "passerby_repeated_jobs": 3,
        "passerby_messages pending": 4,
        "passerby_message_age_seconds": 60.5,
    }


def test_requests_by_operation_and_code() -> None:
    metrics = Metrics(QueueStats)
    metrics.count("GetPersonTracking", "OK", 0.003)
    metrics.count("GetPersonTracking", "OK", 0.2)
    metrics.count("StartPersonTracking", "InvalidS3ObjectException", 9)

    found = figures(metrics)

    assert found["passerby_requests_total OK GetPersonTracking"] == 2
    assert found["passerby_requests_total InvalidS3ObjectException StartPersonTracking"] == 1
    assert found["passerby_request_seconds_bucket 0.005 GetPersonTracking"] == 1
    assert found["passerby_request_seconds_sum GetPersonTracking"] == pytest.approx(0.203)
    assert found["passerby_request_seconds_bucket 5.0 StartPersonTracking"] == 0


def test_two_services_in_one_process_do_not_share() -> None:
    first, second = Metrics(QueueStats), Metrics(QueueStats)
    first.count("GetPersonTracking", "OK", 0.1)

    assert "passerby_requests_total OK GetPersonTracking" not in figures(second)


def test_room_on_the_disk_and_the_process_itself(tmp_path: Path) -> None:
    found = figures(Metrics(QueueStats, tmp_path))

    blocks = os.statvfs(tmp_path)
    assert found["passerby_disk_free_bytes"] == pytest.approx(
        blocks.f_bavail * blocks.f_frsize, rel=0.01
    )
    started = datetime.fromtimestamp(found["process_start_time_seconds"], UTC)
    assert started <= datetime.now(UTC)
    assert found["process_resident_memory_bytes"] > 0
    assert found[f"passerby_build_info {version('passerby')}"] == 1
