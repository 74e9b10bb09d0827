"""The queue of artifacts, with the clock in the test's hand, on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from passerby.database.connection import Database
from passerby.errors import TooManyOrders
from passerby.jobs.artifact_orders import (
    LEASE_SECONDS,
    MAX_ATTEMPTS,
    ORDERS_OF_ACCOUNT,
    ArtifactOrders,
    ArtifactStage,
)
from passerby.jobs.job import NewJob
from passerby.jobs.store import JobStore

ACCOUNT, OTHER = "1" * 12, "2" * 12


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def let_pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def orders(database: Database, tmp_path: Path, clock: Clock) -> ArtifactOrders:
    return ArtifactOrders(database, tmp_path / "pictures", clock)


@pytest.fixture
def job_id(database: Database) -> str:
    return JobStore(database).submit(NewJob(ACCOUNT, "Start", {}, {}), 0).id


def test_an_order_goes_to_one_worker(orders: ArtifactOrders, job_id: str) -> None:
    orders.order(job_id, "film.mp4", ACCOUNT, {"kind": "preview"})

    claimed = orders.claim("anna", is_quick=False)

    assert claimed is not None
    assert claimed.request == {"kind": "preview"}
    assert orders.claim("bert", is_quick=False) is None
    assert orders.report(claimed, "anna", 0.5)
    assert not orders.report(claimed, "bert", 0.6)
    assert [(each.stage, each.fraction) for each in orders.unfinished(ACCOUNT)] == [
        (ArtifactStage.UNDER_WAY, 0.5)
    ]
    assert orders.unfinished(OTHER) == []


def test_the_order_of_a_worker_that_died_waits_again(
    orders: ArtifactOrders, job_id: str, clock: Clock
) -> None:
    orders.order(job_id, "film.mp4", ACCOUNT, {})
    first = orders.claim("anna", is_quick=False)
    assert first is not None
    clock.let_pass(LEASE_SECONDS - 1)
    assert orders.report(first, "anna", 0.5)
    clock.let_pass(LEASE_SECONDS - 1)
    assert orders.claim("bert", is_quick=False) is None
    clock.let_pass(2)

    second = orders.claim("bert", is_quick=False)

    assert second == first
    assert not orders.finish(first, "anna", lambda: pytest.fail("not hers any more"))
    published: list[str] = []
    assert orders.finish(second, "bert", lambda: published.append("bert"))
    assert published == ["bert"]
    assert orders.unfinished(ACCOUNT) == []


def test_an_order_that_kills_workers_is_given_up(
    orders: ArtifactOrders, job_id: str, clock: Clock
) -> None:
    orders.order(job_id, "film.mp4", ACCOUNT, {})
    for _ in range(MAX_ATTEMPTS):
        assert orders.claim("anna", is_quick=False) is not None
        clock.let_pass(LEASE_SECONDS + 1)

    assert orders.claim("anna", is_quick=False) is None
    (status,) = orders.unfinished(ACCOUNT)
    assert (status.stage, status.message) == (
        ArtifactStage.FAILED,
        f"Making it broke off {MAX_ATTEMPTS} times.",
    )


def test_an_account_orders_so_many_at_a_time(orders: ArtifactOrders, job_id: str) -> None:
    for number in range(ORDERS_OF_ACCOUNT):
        orders.order(job_id, f"{number}.mp4", ACCOUNT, {})

    with pytest.raises(TooManyOrders):
        orders.order(job_id, "more.mp4", ACCOUNT, {})
    assert orders.order(job_id, "0.mp4", ACCOUNT, {}).stage is ArtifactStage.WAITING
    orders.order(job_id, "other.mp4", OTHER, {})
    claimed = orders.claim("anna", is_quick=False)
    assert claimed is not None
    orders.fail(claimed, "anna", "No.")
    orders.order(job_id, "more.mp4", ACCOUNT, {})


def test_the_account_that_waited_longest_comes_next(orders: ArtifactOrders, job_id: str) -> None:
    for name, account in (("a", ACCOUNT), ("b", ACCOUNT), ("x", OTHER)):
        orders.order(job_id, name, account, {})

    def claimed(*served: str) -> str:
        order = orders.claim("anna", is_quick=False, served=served)
        assert order is not None
        orders.release(order, "anna")
        return order.name

    assert claimed() == "a"
    assert claimed(ACCOUNT) == "x"
    assert claimed(ACCOUNT, OTHER) == "a"
    assert claimed(OTHER, ACCOUNT) == "x"
