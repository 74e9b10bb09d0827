"""Background tasks of a worker process: deliver messages, remove old data."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from passerby.bootstrap.installation import Installation
from passerby.bootstrap.notifications import delivery, destinations
from passerby.clock import utc_now
from passerby.cloud.upload import remove_stale_drafts
from passerby.jobs.dispatch import Lanes, dispatch
from passerby.jobs.sweeper import Folders, sweep, sweep_hourly

BackgroundTask = Callable[[threading.Event], None]  # runs until the event is set

# Threads that deliver messages: a slow receiver occupies one of them at most.
DISPATCHERS = 4


def background_tasks(installation: Installation) -> list[BackgroundTask]:
    """List the background tasks of a worker process, each to run in a thread of its own."""
    settings = installation.settings
    lanes = Lanes(destinations(settings))
    dispatcher = partial(dispatch, installation.outbox, delivery(settings), lanes=lanes)
    return [*[dispatcher] * DISPATCHERS, partial(sweep_hourly, partial(_sweep, installation))]


def _sweep(installation: Installation) -> None:
    settings = installation.settings
    before = utc_now() - timedelta(days=settings.retention_days)
    folders = Folders(
        observations=settings.observations_folder,
        copies=settings.data / "copies",
        pictures=settings.data / "pictures",
    )
    sweep(installation.database, installation.results, folders, before)
    if settings.upload_bucket:
        remove_stale_drafts(settings.bucket_root / settings.upload_bucket)
