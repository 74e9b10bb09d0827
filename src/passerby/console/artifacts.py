"""A queue of artifacts made of jobs' videos, each in a child process, one after another.

An artifact is a file that needs decoding or much computing: a preview, portraits, an annotated
film. Its process runs at low priority. It is ended when it exceeds its limits. The file lies
in `FOLDER/<job id>/<name>`, whole or not at all.
"""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from passerby.console.refusal import Refused
from passerby.errors import PasserbyError
from passerby.processes.child import Child
from passerby.processes.limits import Limits

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# Orders of one account that wait or are under way.
ORDERS_OF_ACCOUNT = 20
# Orders remembered after they failed; beyond that the oldest are forgotten.
FAILURES_LIMIT = 1000

# Module and arguments, as after `python -m`, that write to the given path. The module prints
# the fraction done, a number in [0, 1] a line, and its error message on standard error.
Command = Callable[[Path], Sequence[str]]


class ArtifactStage(StrEnum):
    """State of an artifact."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class ArtifactStatus:
    """Progress of one artifact."""

    job_id: str
    name: str  # of the file
    stage: ArtifactStage
    fraction: float = 0.0  # in [0, 1]
    message: str | None = None  # why it failed, a sentence


class TooManyOrders(Refused):
    """An account has too many artifacts that wait or are under way."""

    def __init__(self) -> None:
        super().__init__("Too many files are being made for this account. Wait for some.", 429)


@dataclass
class _Order:
    account_id: str
    status: ArtifactStatus
    command: Command


class ArtifactQueue:
    """Makes artifacts one by one; accounts take turns. Safe to use from many threads.

    Parameters
    ----------
    folder : Path
        Where artifacts lie, in a folder for each job.
    limits : Limits
        Of each child process.
    niceness : int
        Of each child process, as with `nice -n`.
    environment : mapping
        Variables of the child processes, beside those of this process.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        niceness: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._niceness = niceness
        self._environment = environment or {}
        self._changed = threading.Condition()
        self._orders: OrderedDict[tuple[str, str], _Order] = OrderedDict()  # and the failed ones
        self._turns: dict[str, int] = {}  # account → when it last had its turn
        self._thread: threading.Thread | None = None
        self._closed = False

    def path(self, job_id: str, name: str) -> Path | None:
        """Return the path of an artifact; None if it is not ready."""
        path = self._folder / job_id / name
        return path if path.is_file() else None

    def status(self, job_id: str, name: str) -> ArtifactStatus | None:
        """Return the status of an artifact; None if it was never ordered."""
        with self._changed:
            order = self._orders.get((job_id, name))
        if order is not None:
            return order.status
        ready = self.path(job_id, name) is not None
        return ArtifactStatus(job_id, name, ArtifactStage.READY, 1.0) if ready else None

    def unfinished(self) -> list[ArtifactStatus]:
        """Return the status of each artifact that waits, is under way, or failed."""
        with self._changed:
            return [order.status for order in self._orders.values()]

    def order(self, job_id: str, name: str, command: Command, account_id: str) -> ArtifactStatus:
        """Order an artifact, unless it is ready or ordered; a failed one is ordered again.

        Raises
        ------
        TooManyOrders
            If the account has `ORDERS_OF_ACCOUNT` others.
        """
        with self._changed:
            known = self.status(job_id, name)
            if known is not None and known.stage is not ArtifactStage.FAILED:
                return known
            if self._open_orders(account_id) >= ORDERS_OF_ACCOUNT:
                raise TooManyOrders
            order = _Order(account_id, ArtifactStatus(job_id, name, ArtifactStage.WAITING), command)
            self._orders[job_id, name] = order
            self._orders.move_to_end((job_id, name))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return order.status

    def close(self) -> None:
        """End the process that runs and take no more orders."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (order := self._next()) is not None:
            status = order.status
            message = self._try_to_make(order)
            with self._changed:
                if message is None:
                    del self._orders[status.job_id, status.name]
                else:
                    logger.warning("job %s: %s: %s", status.job_id, status.name, message)
                    order.status = replace(status, stage=ArtifactStage.FAILED, message=message)
                self._forget_failures()

    def _open_orders(self, account_id: str) -> int:
        return sum(
            order.account_id == account_id and order.status.stage is not ArtifactStage.FAILED
            for order in self._orders.values()
        )

    def _next(self) -> _Order | None:
        """Wait for the oldest order of the account that has waited longest; None when closed."""
        with self._changed:
            while not self._closed:
                waiting = [
                    order
                    for order in self._orders.values()
                    if order.status.stage is ArtifactStage.WAITING
                ]
                if waiting:
                    # Of equals, `min` takes the first: the oldest.
                    order = min(waiting, key=lambda each: self._turns.get(each.account_id, 0))
                    self._turns[order.account_id] = max(self._turns.values(), default=0) + 1
                    order.status = replace(order.status, stage=ArtifactStage.UNDER_WAY)
                    return order
                self._changed.wait()
            return None

    def _try_to_make(self, order: _Order) -> str | None:
        """Make an artifact; return the error message, or None."""
        try:
            return self._make(order)
        except PasserbyError as error:
            return str(error)
        except OSError as error:
            return f"It could not be written: {error.strerror}."
        except Exception:  # the next order must not wait for ever
            logger.exception("%s of job %s", order.status.name, order.status.job_id)
            return "An internal error occurred. See the log of the server."

    def _make(self, order: _Order) -> str | None:
        folder = self._folder / order.status.job_id
        folder.mkdir(parents=True, exist_ok=True)
        # The suffix stays: some writers choose the format by it.
        draft = folder / f".{secrets.token_hex(8)}.{order.status.name}"
        try:
            message = self._run(order, draft)
            if message is None:
                draft.rename(folder / order.status.name)
            return message
        finally:
            draft.unlink(missing_ok=True)

    def _run(self, order: _Order, draft: Path) -> str | None:
        child = Child(order.command(draft), self._limits, self._niceness, self._environment)
        try:
            while (error := child.poll(draft, POLL_SECONDS)) is None:
                order.status = replace(order.status, fraction=child.fraction)
                if self._closed:
                    return "The server was stopped."
            return error or (None if draft.is_file() else "Nothing was written.")
        finally:
            child.end()

    def _forget_failures(self) -> None:
        failed = [
            name
            for name, order in self._orders.items()
            if order.status.stage is ArtifactStage.FAILED
        ]
        for name in failed[:-FAILURES_LIMIT]:
            del self._orders[name]
