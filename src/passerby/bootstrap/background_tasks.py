"""Background tasks of a worker process: deliver messages, remove old data."""

import threading
from collections.abc import Callable
from functools import partial

from passerby.bootstrap.erasure import delete_old
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.notifications import delivery, destinations
from passerby.jobs.dispatch import Lanes, dispatch
from passerby.jobs.sweeper import sweep_hourly

BackgroundTask = Callable[[threading.Event], None]  # runs until the event is set

# Threads that deliver messages: a slow receiver occupies one of them at most.
DISPATCHERS = 4


def background_tasks(installation: Installation) -> list[BackgroundTask]:
    """List the background tasks of a worker process, each to run in a thread of its own."""
    settings = installation.settings
    lanes = Lanes(destinations(settings))
    dispatcher = partial(dispatch, installation.outbox, delivery(settings), lanes=lanes)
    return [*[dispatcher] * DISPATCHERS, partial(sweep_hourly, partial(delete_old, installation))]
