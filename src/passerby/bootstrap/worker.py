"""A worker: the jobs it works off, and what it does beside them."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from passerby.bootstrap.background_tasks import background_tasks
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.storage import build_buckets, build_observation_store
from passerby.cloud.pinned_object import PinnedObject, readable
from passerby.jobs.erasure import note_observations
from passerby.jobs.job import Counts, Job
from passerby.jobs.worker import Outcome, Worker
from passerby.records import Progress, ProgressCallback, Stage
from passerby.server.listening import STOP_SIGNALS

if TYPE_CHECKING:
    from passerby.engine.local import ProcessPool

HOUR_MS = 3_600_000

PARENT_LOOK_SECONDS = 0.5
# How long all background tasks of an ending worker may take, about.
BACKGROUND_TASK_GRACE_SECONDS = 1.0


logger = logging.getLogger(__name__)


def build_worker(installation: Installation) -> Worker:
    """Build the worker of this process."""
    from passerby.engine.local import ProcessPool  # noqa: PLC0415
    from passerby.processes.limits import MEBIBYTE, Limits  # noqa: PLC0415

    settings = installation.settings
    limits = Limits(settings.process_memory_mb * MEBIBYTE, settings.stall_seconds)
    return Worker(installation.jobs, partial(_analyse_job, installation, ProcessPool(limits)))


def _analyse_job(
    installation: Installation, pool: "ProcessPool", job: Job, on_progress: ProgressCallback
) -> Outcome:
    """Analyse the video of a job and store what was found.

    Nothing is decoded here: a video that brings a decoder down ends its own job.
    """
    # A worker that waits for a job need not have loaded what analyses one.
    from passerby.bootstrap.engine import analysis_options, build_executor  # noqa: PLC0415
    from passerby.bootstrap.recording import rated, raw_rate  # noqa: PLC0415
    from passerby.pathing.analysis import analyse, describe_sizes  # noqa: PLC0415

    settings = installation.settings
    limit_ms = round(settings.max_video_hours * HOUR_MS) or None
    options = replace(analysis_options(settings), duration_limit_ms=limit_ms)
    video = PinnedObject(build_buckets(settings), **job.source)
    copy = settings.data / "copies" / job.id
    with readable(video, copy, lambda: on_progress(Progress(Stage.PLANNING))) as source:
        analysis = analyse(
            rated(source, raw_rate(settings)),
            build_observation_store(settings),
            build_executor(settings, pool),
            options=options,
            on_progress=on_progress,
            on_planned=partial(note_observations, installation.database, job.id),
        )
    logger.info("job %s: persons were detected %s", job.id, describe_sizes(analysis.input_sizes))
    for warning in analysis.warnings:
        logger.warning("job %s: %s", job.id, warning)
    on_progress(Progress(Stage.SAVING, 0.99))
    publish = installation.results.draft(job.id, analysis.sightings)
    persons = int(analysis.sightings.person_index.max(initial=-1)) + 1
    counts = Counts(persons, len(analysis.sightings))
    return Outcome(analysis.video, counts, publish, analysis.warnings, analysis.input_sizes)


def work(installation: Installation, parent: int | None) -> None:
    """Work off jobs until asked to stop, or until the process `parent` is gone."""
    # Holds for all threads and processes that are started from here on.
    os.nice(installation.settings.worker_niceness)
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent, stop), daemon=True).start()
    with _background_tasks_running(installation, stop):
        build_worker(installation).run(stop)


@contextmanager
def _background_tasks_running(installation: Installation, stop: threading.Event) -> Iterator[None]:
    """What a worker does beside the jobs; `stop` is set when the block ends."""
    threads = [
        # One that hangs may be cut off: what it began, the next worker does again.
        threading.Thread(target=background_task, args=(stop,), daemon=True)
        for background_task in background_tasks(installation)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(BACKGROUND_TASK_GRACE_SECONDS)


def _stop_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(PARENT_LOOK_SECONDS):
            return
    stop.set()
