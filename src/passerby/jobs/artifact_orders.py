"""The queue of artifacts: files made of jobs' videos, such as previews, portraits and films.

Whoever wants one orders it; a worker *claims* the order with a lease, as it does with jobs,
and makes the file. The lease of a worker that died runs out, and another one takes over. The
file lies in `FOLDER/<job id>/<name>`, whole or not at all; an order is there until then, or
says why it failed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from passerby.clock import utc_now
from passerby.database.connection import Database, lock_by_name
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import ARTIFACT_ORDERS
from passerby.errors import TooManyOrders
from passerby.jobs.worker_id import is_gone

# Orders of one account that wait or are under way.
ORDERS_OF_ACCOUNT = 20
# An order that took so many workers down with it is not tried again.
MAX_ATTEMPTS = 3
LEASE_SECONDS = 30.0

ORDER = ARTIFACT_ORDERS.c


class ArtifactStage(StrEnum):
    """State of an artifact."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    READY = "ready"
    FAILED = "failed"


WAITS = ORDER.stage == ArtifactStage.WAITING
UNDER_WAY = ORDER.stage == ArtifactStage.UNDER_WAY


@dataclass(frozen=True)
class ArtifactStatus:
    """Progress of one artifact."""

    job_id: str
    name: str  # of the file
    stage: ArtifactStage
    fraction: float = 0.0  # in [0, 1]
    message: str | None = None  # why it failed, a sentence


@dataclass(frozen=True)
class ArtifactOrder:
    """An order that a worker has claimed."""

    job_id: str
    name: str
    account_id: str
    request: Mapping[str, object]  # opaque to the queue


class ArtifactOrders:
    """Orders of one database, and the files that were made. Safe to use from many threads."""

    def __init__(
        self, database: Database, folder: Path, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._now = now
        self.folder = folder

    def path(self, job_id: str, name: str) -> Path | None:
        """Return the path of an artifact; None if it is not ready."""
        path = self.folder / job_id / name
        return path if path.is_file() else None

    def status(self, job_id: str, name: str) -> ArtifactStatus | None:
        """Return the status of an artifact; None if it was never ordered."""
        if self.path(job_id, name) is not None:
            return ArtifactStatus(job_id, name, ArtifactStage.READY, 1.0)
        return self._ordered(job_id, name)

    @retry_on_disconnect
    def _ordered(self, job_id: str, name: str) -> ArtifactStatus | None:
        with self._database.reading() as connection:
            return _find(connection, job_id, name)

    @retry_on_disconnect
    def unfinished(self, account_id: str) -> list[ArtifactStatus]:
        """List the artifacts of an account that wait, are under way, or failed."""
        query = select(ARTIFACT_ORDERS).where(ORDER.account_id == account_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(ORDER.number)).mappings()
            return [_status(row) for row in rows]

    @retry_on_disconnect
    def order(
        self,
        job_id: str,
        name: str,
        account_id: str,
        request: Mapping[str, object],
        *,
        is_quick: bool = False,
    ) -> ArtifactStatus:
        """Order an artifact, unless it is ready or ordered; a failed one is ordered again.

        Parameters
        ----------
        is_quick : bool
            Whether it takes moments and need not wait for films.

        Raises
        ------
        TooManyOrders
            If the account has `ORDERS_OF_ACCOUNT` others.
        """
        if self.path(job_id, name) is not None:
            return ArtifactStatus(job_id, name, ArtifactStage.READY, 1.0)
        with self._database.writing() as connection:
            lock_by_name(connection, f"artifacts of {account_id}")
            known = _find(connection, job_id, name)
            if known is not None and known.stage is not ArtifactStage.FAILED:
                return known
            _check_limit(connection, account_id)
            connection.execute(delete(ARTIFACT_ORDERS).where(_is(job_id, name)))
            new = insert(ARTIFACT_ORDERS).values(
                job_id=job_id,
                name=name,
                account_id=account_id,
                request=dict(request),
                is_quick=is_quick,
                stage=ArtifactStage.WAITING,
                fraction=0.0,
                attempts=0,
            )
            connection.execute(new)
        return ArtifactStatus(job_id, name, ArtifactStage.WAITING)

    @retry_on_disconnect
    def claim(
        self, worker_id: str, *, is_quick: bool, served: Collection[str] = ()
    ) -> ArtifactOrder | None:
        """Claim the oldest order of an account that was not served lately; None if none waits.

        Parameters
        ----------
        served : collection of str
            Accounts that had their turn, the latest last.
        """
        now = self._now()
        turns = {account: turn for turn, account in enumerate(served)}
        with self._database.writing() as connection:
            _release_dead(connection, now)
            free = select(ARTIFACT_ORDERS).where(WAITS, ORDER.is_quick == is_quick)
            free = free.order_by(ORDER.number).with_for_update(skip_locked=True)
            rows = connection.execute(free).mappings().all()
            if not rows:
                return None
            # Of equals, `min` takes the first: the oldest.
            row = min(rows, key=lambda each: turns.get(each["account_id"], -1))
            claimed = update(ARTIFACT_ORDERS).where(ORDER.number == row["number"])
            lease = now + timedelta(seconds=LEASE_SECONDS)
            connection.execute(
                claimed.values(
                    stage=ArtifactStage.UNDER_WAY,
                    attempts=ORDER.attempts + 1,
                    worker_id=worker_id,
                    lease_until=lease,
                )
            )
            return ArtifactOrder(row["job_id"], row["name"], row["account_id"], row["request"])

    @retry_on_disconnect
    def report(self, order: ArtifactOrder, worker_id: str, fraction: float) -> bool:
        """Store the progress, and extend the lease; False if the order is no longer this worker's.

        An order is taken away when its job is deleted.
        """
        lease = self._now() + timedelta(seconds=LEASE_SECONDS)
        reported = update(ARTIFACT_ORDERS).where(_is_owned(order, worker_id))
        with self._database.writing() as connection:
            values = reported.values(fraction=fraction, lease_until=lease)
            return connection.execute(values).rowcount > 0

    @retry_on_disconnect
    def finish(self, order: ArtifactOrder, worker_id: str, publish: Callable[[], object]) -> bool:
        """End an order whose file is made; False if it is no longer this worker's.

        `publish` gives the file its name, while the order is certainly this worker's.
        """
        with self._database.writing() as connection:
            owned = _is_owned(order, worker_id)
            if connection.execute(delete(ARTIFACT_ORDERS).where(owned)).rowcount == 0:
                return False
            publish()
            return True

    @retry_on_disconnect
    def fail(self, order: ArtifactOrder, worker_id: str, message: str) -> None:
        """End an order that cannot be carried out; `message` says why."""
        failed = update(ARTIFACT_ORDERS).where(_is_owned(order, worker_id))
        with self._database.writing() as connection:
            connection.execute(failed.values(stage=ArtifactStage.FAILED, message=message))

    @retry_on_disconnect
    def release(self, order: ArtifactOrder, worker_id: str) -> None:
        """Give an order back that this worker does not carry out; the attempt does not count."""
        waiting = {"stage": ArtifactStage.WAITING, "attempts": ORDER.attempts - 1, "fraction": 0.0}
        released = update(ARTIFACT_ORDERS).where(_is_owned(order, worker_id))
        with self._database.writing() as connection:
            connection.execute(released.values(waiting))


def _check_limit(connection: Connection, account_id: str) -> None:
    is_open = and_(ORDER.account_id == account_id, or_(WAITS, UNDER_WAY))
    query = select(func.count()).select_from(ARTIFACT_ORDERS).where(is_open)
    if connection.execute(query).scalar_one() >= ORDERS_OF_ACCOUNT:
        raise TooManyOrders


def _release_dead(connection: Connection, now: datetime) -> None:
    """Let orders wait again whose workers died; give up those that killed too many."""
    owners = select(ORDER.worker_id).where(UNDER_WAY).distinct()
    gone = [name for name in connection.execute(owners).scalars() if name and is_gone(name)]
    stalled = and_(UNDER_WAY, or_(ORDER.lease_until < now, ORDER.worker_id.in_(gone)))
    given_up = update(ARTIFACT_ORDERS).where(stalled, ORDER.attempts >= MAX_ATTEMPTS)
    message = f"Making it broke off {MAX_ATTEMPTS} times."
    connection.execute(given_up.values(stage=ArtifactStage.FAILED, message=message))
    again = update(ARTIFACT_ORDERS).where(stalled)
    connection.execute(again.values(stage=ArtifactStage.WAITING, fraction=0.0))


def _is(job_id: str, name: str) -> ColumnElement[bool]:
    return and_(ORDER.job_id == job_id, ORDER.name == name)


def _is_owned(order: ArtifactOrder, worker_id: str) -> ColumnElement[bool]:
    return and_(_is(order.job_id, order.name), UNDER_WAY, ORDER.worker_id == worker_id)


def _find(connection: Connection, job_id: str, name: str) -> ArtifactStatus | None:
    query = select(ARTIFACT_ORDERS).where(_is(job_id, name))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _status(row)


def _status(row: RowMapping) -> ArtifactStatus:
    stage = ArtifactStage(row["stage"])
    return ArtifactStatus(row["job_id"], row["name"], stage, row["fraction"], row["message"])
