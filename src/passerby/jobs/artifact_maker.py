"""The part of a worker that makes artifacts, each in a child process, one after another.

The child runs at low priority, and is ended when it exceeds its limits: whatever a hostile
video does to a decoder, it does it there.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from passerby.errors import PasserbyError
from passerby.jobs.artifact_orders import ArtifactOrder, ArtifactOrders
from passerby.jobs.worker_id import make_worker_id
from passerby.processes.child import Child
from passerby.processes.limits import Limits

logger = logging.getLogger(__name__)

# A new order waits at most this long for an idle worker.
POLL_SECONDS = 0.5
# Progress is stored so often.
REPORT_SECONDS = 0.4
# Accounts whose turns are remembered.
SERVED_LIMIT = 1000

# Module and arguments, as after `python -m`, that write to the given path. The module prints
# the fraction done, a number in [0, 1] a line, and its error message on standard error.
CommandOf = Callable[[ArtifactOrder, Path], Sequence[str]]


class _StoppedError(Exception):
    """The worker ends, or the order is no longer its own."""


@dataclass
class ArtifactMaker:
    """Makes the artifacts that are ordered; accounts take turns.

    Parameters
    ----------
    orders : ArtifactOrders
    command_of : callable
        Gives the command that makes an artifact.
    limits : Limits
        Of each child process.
    niceness : int
        Of each child process, as with `nice -n`.
    environment : mapping
        Variables of the child processes, beside those of this process.
    is_quick : bool
        Whether this one makes what takes moments, or all the rest.
    """

    orders: ArtifactOrders
    command_of: CommandOf
    limits: Limits
    niceness: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    is_quick: bool = False
    _id: str = field(default_factory=make_worker_id)
    _served: dict[str, None] = field(default_factory=dict)  # accounts, the latest last

    def run(self, stop: threading.Event) -> None:
        """Make artifacts until `stop` is set; what is under way is then given back."""
        while not stop.is_set():
            try:
                is_busy = self._work_once(stop)
            except Exception:
                logger.exception("the queue of artifacts cannot be reached")
                is_busy = False
            if not is_busy:
                stop.wait(POLL_SECONDS)

    def _work_once(self, stop: threading.Event) -> bool:
        """Carry out one order if one waits; whether one did."""
        order = self.orders.claim(self._id, is_quick=self.is_quick, served=tuple(self._served))
        if order is None:
            return False
        self._served.pop(order.account_id, None)
        self._served[order.account_id] = None
        if len(self._served) > SERVED_LIMIT:
            del self._served[next(iter(self._served))]
        try:
            message = self._try_to_make(order, stop)
        except _StoppedError:
            self.orders.release(order, self._id)
            return True
        if message is not None:
            logger.warning("job %s: %s: %s", order.job_id, order.name, message)
            self.orders.fail(order, self._id, message)
        return True

    def _try_to_make(self, order: ArtifactOrder, stop: threading.Event) -> str | None:
        """Make an artifact; return the error message, or None."""
        try:
            return self._make(order, stop)
        except PasserbyError as error:
            return str(error)
        except OSError as error:
            return f"It could not be written: {error.strerror}."
        except _StoppedError:
            raise
        except Exception:  # the next order must not wait for ever
            logger.exception("%s of job %s", order.name, order.job_id)
            return "An internal error occurred. See the log of the worker."

    def _make(self, order: ArtifactOrder, stop: threading.Event) -> str | None:
        folder = self.orders.folder / order.job_id
        folder.mkdir(parents=True, exist_ok=True)
        # The suffix stays: some writers choose the format by it.
        draft = folder / f".{secrets.token_hex(8)}.{order.name}"
        try:
            message = self._run(order, draft, stop)
            if message is None:
                target = folder / order.name
                self.orders.finish(order, self._id, lambda: draft.rename(target))
            return message
        finally:
            draft.unlink(missing_ok=True)

    def _run(self, order: ArtifactOrder, draft: Path, stop: threading.Event) -> str | None:
        command = self.command_of(order, draft)
        child = Child(command, self.limits, self.niceness, self.environment)
        try:
            while (error := child.poll(draft, REPORT_SECONDS)) is None:
                if stop.is_set() or not self.orders.report(order, self._id, child.fraction):
                    raise _StoppedError
            return error or (None if draft.is_file() else "Nothing was written.")
        finally:
            child.end()
