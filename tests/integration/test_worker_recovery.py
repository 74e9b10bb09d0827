"""A worker process dies in the middle of a job; the next one brings the job to its end."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
from tests.waiting import wait_until

import passerby
from passerby.clock import utc_now
from passerby.database.connection import open_database
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.lease import LEASE_SECONDS
from passerby.jobs.store import JobStore
from passerby.jobs.worker import Outcome, Worker
from passerby.records import NO_FACE, Faces, Progress, ProgressCallback, Sightings, Stage, VideoInfo
from passerby.results.store import Results

BUSY_WORKER = """
import sys, threading, time
from passerby.database.connection import open_database
from passerby.records import Progress, Stage
from passerby.jobs.store import JobStore
from passerby.jobs.worker import Worker

def analyse(job, report):
    while True:
        report(Progress(Stage.OBSERVING, 0.5))
        time.sleep(0.05)

Worker(JobStore(open_database(sys.argv[1])), analyse).run(threading.Event())
"""

VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")
FOUND = Sightings(
    person_index=np.array([0, 1, 0], np.int64),
    frame_index=np.array([0, 0, 2], np.int64),
    timestamp_ms=np.array([0, 0, 80], np.int64),
    xyxy=np.arange(12, dtype=np.float32).reshape(3, 4),
    confidence=np.array([0.5, 0.9, 0.75], np.float32),
    detected=np.array([True, True, False]),
    face=np.full(3, NO_FACE),
    faces=Faces.none(),
)


def test_a_killed_worker_leaves_its_job_to_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    database = open_database(url)
    job = JobStore(database).submit(NewJob("000000000000", "Start", {}, {}), open_limit=1)
    environment = {**os.environ, "PYTHONPATH": str(Path(passerby.__file__).parents[1])}
    first = subprocess.Popen([sys.executable, "-c", BUSY_WORKER, url], env=environment)
    half_done = Progress(Stage.OBSERVING, 0.5)
    wait_until(lambda: JobStore(database).find(job.id).progress == half_done)

    first.send_signal(signal.SIGKILL)
    first.wait()

    results = Results(tmp_path / "results")
    # This worker's clock is past the dead one's lease: nobody waits in a test.
    store = JobStore(database, now=lambda: utc_now() + timedelta(seconds=LEASE_SECONDS + 1))
    stop = threading.Event()

    def analyse(this: Job, report: ProgressCallback) -> Outcome:
        report(Progress(Stage.SAVING, 0.9))
        results.write(this.id, FOUND)
        stop.set()
        return Outcome(VIDEO, Counts(persons=2, sightings=len(FOUND)))

    Worker(store, analyse).run(stop)

    ended = store.find(job.id)
    assert (ended.state, ended.attempt, ended.video) == (JobState.SUCCEEDED, 2, VIDEO)
    page = results.page(job.id, "index", offset=0, count=2)
    assert page.sightings.person_index.tolist() == [0, 0]
    assert page.sightings.timestamp_ms.tolist() == [80, 0]
    assert page.next_offset == 2
    database.close()
