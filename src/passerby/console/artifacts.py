"""What is made of jobs' videos on request, one thing after another, each in a child process.

A preview, portraits, an annotated film: whatever needs pixels. The child stands back behind
the server as a worker does, and is ended where it takes too much memory or makes no progress.
What it made lies in `FOLDER/<job id>/<name>`, whole or not at all.
"""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from passerby.errors import PasserbyError
from passerby.processes.child import Child, Limits

logger = logging.getLogger(__name__)

# How often the child is looked at.
LOOK_SECONDS = 0.2
# Orders remembered after they failed; beyond that the oldest are forgotten.
FAILURES_LIMIT = 1000

# Module and arguments, as after `python -m`, that write to the given path. The module prints
# the fraction done, a number in [0, 1] a line, and says on standard error why it failed.
Command = Callable[[Path], Sequence[str]]


class Stage(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """How far an order is."""

    job_id: str
    name: str  # of the file
    stage: Stage
    fraction: float = 0.0  # in [0, 1]
    message: str | None = None  # why it failed, a sentence


@dataclass
class _Order:
    standing: Standing
    command: Command


class Making:
    """Makes what is ordered, in the order of the orders. Safe to use from many threads."""

    def __init__(
        self, folder: Path, limits: Limits, environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._environment = environment or {}
        self._limits = limits
        self._changed = threading.Condition()
        self._orders: OrderedDict[tuple[str, str], _Order] = OrderedDict()  # and the failed ones
        self._thread: threading.Thread | None = None
        self._closed = False

    def path(self, job_id: str, name: str) -> Path | None:
        """Where something that was made lies; None if it is not ready."""
        path = self._folder / job_id / name
        return path if path.is_file() else None

    def standing(self, job_id: str, name: str) -> Standing | None:
        """How far an order is; None if nobody gave it."""
        with self._changed:
            order = self._orders.get((job_id, name))
        if order is not None:
            return order.standing
        ready = self.path(job_id, name) is not None
        return Standing(job_id, name, Stage.READY, 1.0) if ready else None

    def standings(self) -> list[Standing]:
        """All orders that wait, are under way, or failed."""
        with self._changed:
            return [order.standing for order in self._orders.values()]

    def ask(self, job_id: str, name: str, command: Command) -> Standing:
        """Order something, unless it is ready or ordered; what failed is ordered anew."""
        with self._changed:
            known = self.standing(job_id, name)
            if known is not None and known.stage is not Stage.FAILED:
                return known
            order = _Order(Standing(job_id, name, Stage.WAITING), command)
            self._orders[job_id, name] = order
            self._orders.move_to_end((job_id, name))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return order.standing

    def close(self) -> None:
        """End what is under way and take no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (order := self._next()) is not None:
            standing = order.standing
            message = self._tried(order)
            with self._changed:
                if message is None:
                    del self._orders[standing.job_id, standing.name]
                else:
                    logger.warning("job %s: %s: %s", standing.job_id, standing.name, message)
                    order.standing = replace(standing, stage=Stage.FAILED, message=message)
                self._forget_failures()

    def _next(self) -> _Order | None:
        """The order that has waited longest, once there is one; None when closed."""
        with self._changed:
            while not self._closed:
                for order in self._orders.values():
                    if order.standing.stage is Stage.WAITING:
                        order.standing = replace(order.standing, stage=Stage.UNDER_WAY)
                        return order
                self._changed.wait()
            return None

    def _tried(self, order: _Order) -> str | None:
        """Make what was ordered; why that failed, or None."""
        try:
            return self._made(order)
        except PasserbyError as error:
            return str(error)
        except OSError as error:
            return f"It could not be written: {error.strerror}."
        except Exception:  # the next order is not to wait for ever
            logger.exception("%s of job %s", order.standing.name, order.standing.job_id)
            return "Something went wrong here. The log of the server says what."

    def _made(self, order: _Order) -> str | None:
        folder = self._folder / order.standing.job_id
        folder.mkdir(parents=True, exist_ok=True)
        # The ending stays: some writers go by it.
        draft = folder / f".{secrets.token_hex(8)}.{order.standing.name}"
        try:
            message = self._ran(order, draft)
            if message is None:
                draft.rename(folder / order.standing.name)
            return message
        finally:
            draft.unlink(missing_ok=True)

    def _ran(self, order: _Order, draft: Path) -> str | None:
        child = Child([*order.command(draft)], self._limits, self._environment)
        try:
            while (ended := child.looked_at(draft, LOOK_SECONDS)) is None:
                order.standing = replace(order.standing, fraction=child.fraction)
                if self._closed:
                    return "The server was stopped."
            return ended or (None if draft.is_file() else "Nothing was written.")
        finally:
            child.end()

    def _forget_failures(self) -> None:
        failed = [
            name for name, order in self._orders.items() if order.standing.stage is Stage.FAILED
        ]
        for name in failed[:-FAILURES_LIMIT]:
            del self._orders[name]
