"""The store under many threads and processes at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.database.connection import Database, open_database
from passerby.errors import JobCancelled, TooManyOpenJobs
from passerby.jobs.job import JobState, NewJob
from passerby.jobs.store import JobStore
from passerby.records import Progress

NEW = NewJob("000000000000", "StartPersonTracking", {"Video": "walk.mp4"}, {})
LEASE = 30.0


def test_fifty_threads_with_one_request_make_one_job(database: Database) -> None:
    store = JobStore(database)
    new = replace(NEW, token="token")

    with ThreadPoolExecutor(50) as pool:
        jobs = list(pool.map(lambda _: store.submit(new, open_limit=1), range(50)))

    assert {job.id for job in jobs} == {jobs[0].id}


def test_threads_do_not_exceed_the_limit_of_open_jobs(database: Database) -> None:
    store = JobStore(database)

    def submit(_: int) -> bool:
        try:
            store.submit(NEW, open_limit=3)
        except TooManyOpenJobs:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(submit, range(20))) == 3


def test_threads_claim_each_job_once(database: Database) -> None:
    store = JobStore(database)
    submitted = {store.submit(NEW, open_limit=99).id for _ in range(30)}

    with ThreadPoolExecutor(10) as pool:
        claims = list(pool.map(lambda n: store.claim(f"worker {n}", LEASE), range(40)))

    taken = [job.id for job in claims if job is not None]
    assert len(taken) == 30
    assert set(taken) == submitted


def test_a_job_claimed_while_it_is_cancelled_is_asked_to_end(database: Database) -> None:
    store = JobStore(database)
    for _ in range(30):
        job = store.submit(NEW, open_limit=99)
        with ThreadPoolExecutor(2) as pool:
            claimed = pool.submit(store.claim, "worker", LEASE)
            pool.submit(store.cancel, job.id).result()
        if claimed.result() is None:
            assert store.find(job.id).state is JobState.CANCELLED
        else:
            with pytest.raises(JobCancelled):
                store.report(job.id, "worker", Progress(), LEASE)
            store.mark_cancelled(job.id, "worker")


SUBMIT_IN_A_PROCESS = """
import sys
from passerby.database.connection import open_database
from passerby.jobs.job import NewJob
from passerby.jobs.store import JobStore

store = JobStore(open_database(sys.argv[1]))
for number in range(10):
    new = NewJob("000000000000", "Start", {"n": number}, {}, token=str(number))
    print(store.submit(new, open_limit=10).id)
"""


def test_processes_with_the_same_requests_make_the_same_jobs(database_url: str) -> None:
    open_database(database_url).close()
    command = [sys.executable, "-c", SUBMIT_IN_A_PROCESS, database_url]

    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    printed = [process.communicate(timeout=PATIENCE_SECONDS)[0].split() for process in running]
    assert [len(ids) for ids in printed] == [10, 10]
    assert printed[0] == printed[1]
