"""Background tasks of a worker process: deliver messages, remove old data, make pictures."""

import json
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from passerby.bootstrap.erasure import delete_old
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.notifications import delivery, destinations
from passerby.jobs.artifact_maker import ArtifactMaker
from passerby.jobs.artifact_orders import ArtifactOrder
from passerby.jobs.dispatch import Lanes, dispatch
from passerby.jobs.sweeper import sweep_hourly
from passerby.processes.limits import MEBIBYTE, Limits

BackgroundTask = Callable[[threading.Event], None]  # runs until the event is set

# Threads that deliver messages: a slow receiver occupies one of them at most.
DISPATCHERS = 4


def background_tasks(installation: Installation) -> list[BackgroundTask]:
    """List the background tasks of a worker process, each to run in a thread of its own."""
    settings = installation.settings
    lanes = Lanes(destinations(settings))
    dispatcher = partial(dispatch, installation.outbox, delivery(settings), lanes=lanes)
    return [
        *[dispatcher] * DISPATCHERS,
        partial(sweep_hourly, partial(delete_old, installation)),
        *(artifact_maker(installation, is_quick=is_quick).run for is_quick in (True, False)),
    ]


def artifact_maker(installation: Installation, *, is_quick: bool) -> ArtifactMaker:
    """Build the part of a worker that makes pictures and films.

    What takes moments has one of its own, so that it never waits for a film.
    """
    settings = installation.settings
    return ArtifactMaker(
        installation.artifacts,
        _artifact_command,
        Limits(settings.process_memory_mb * MEBIBYTE, settings.stall_seconds),
        environment=settings.environment(),
        is_quick=is_quick,
    )


def _artifact_command(order: ArtifactOrder, target: Path) -> Sequence[str]:
    encoded = json.dumps(order.request)
    return "passerby.bootstrap.artifact_process", order.job_id, encoded, str(target)
