"""A worker: the jobs it works off, and what it does beside them."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from passerby.bootstrap.background_tasks import background_tasks
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.storage import build_buckets, build_shelf
from passerby.cloud.pinned_object import Objects, PinnedObject, readable
from passerby.jobs.job import Counts, Job
from passerby.jobs.worker import Outcome, Worker
from passerby.records import Progress, ProgressCallback, Stage
from passerby.server.listening import STOP_SIGNALS

if TYPE_CHECKING:
    from passerby.engine.local import Processes

HOUR_MS = 3_600_000

PARENT_LOOK_SECONDS = 0.5
# How long all background tasks of an ending worker may take, about.
BACKGROUND_TASK_GRACE_SECONDS = 1.0


logger = logging.getLogger(__name__)


def build_worker(installation: Installation) -> Worker:
    """Whoever works off the queue."""
    from passerby.engine.local import Processes  # noqa: PLC0415
    from passerby.processes.limits import MEBIBYTE, Limits  # noqa: PLC0415

    settings = installation.settings
    limits = Limits(settings.process_memory_mb * MEBIBYTE, settings.stall_seconds)
    buckets = build_buckets(settings)
    analyse = partial(_analyse_job, installation, buckets, Processes(limits))
    return Worker(installation.jobs, analyse)


def _analyse_job(
    installation: Installation,
    buckets: Objects,
    processes: "Processes",
    job: Job,
    report: ProgressCallback,
) -> Outcome:
    """Analyse the video of a job and store what was found.

    Nothing is decoded here: a video that brings a decoder down ends its own job.
    """
    from passerby.bootstrap.engine import engine_of, plan_runner  # noqa: PLC0415
    from passerby.pathing.analysis import analyse  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415

    settings = installation.settings
    video = PinnedObject(buckets, **job.source)
    copy = settings.data / "copies" / job.id
    with readable(video, copy, lambda: report(Progress(Stage.PLANNING))) as locate:
        analysis = analyse(
            locate(),
            video.fingerprint,
            settings.observations_folder,
            engine_of(settings, processes.run, processes.limits),
            run_plan=plan_runner(processes),
            options=Options(
                runtime=settings.runtime,
                device=settings.device,
                with_faces=settings.face_attributes != "none",
                duration_limit_ms=round(settings.max_video_hours * HOUR_MS),
            ),
            on_progress=report,
            locate=locate,
            shelf=build_shelf(settings),
        )
    for complaint in analysis.warnings:
        logger.warning("job %s: %s", job.id, complaint)
    report(Progress(Stage.SAVING, 0.99))
    publish = installation.results.draft(job.id, analysis.sightings)
    persons = int(analysis.sightings.person_index.max(initial=-1)) + 1
    counts = Counts(persons, len(analysis.sightings))
    return Outcome(analysis.video, counts, publish, analysis.warnings)


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
