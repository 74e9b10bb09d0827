import pytest
from sqlalchemy import delete

from passerby.database.connection import Database
from passerby.database.schema import JOBS
from passerby.errors import JobNotFound
from passerby.jobs.cached_jobs import CachedJobs
from passerby.jobs.job import Counts, JobState, NewJob
from passerby.jobs.store import JobStore
from passerby.records import VideoInfo

ACCOUNT = "123456789012"
NEW = NewJob(
    account_id=ACCOUNT,
    operation="StartPersonTracking",
    request={},
    source={},
    token=None,
    tag=None,
)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 30.0, 640, 360, 1000, "LIMITED")


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


def test_a_job_under_way_is_looked_up_each_time(store: JobStore) -> None:
    jobs = CachedJobs(store)
    job_id = jobs.submit(NEW, open_limit=1).id
    assert jobs.find(job_id, ACCOUNT).state is JobState.QUEUED

    store.claim("worker", lease_seconds=60)

    assert jobs.find(job_id, ACCOUNT).state is JobState.RUNNING


def test_a_job_that_succeeded_is_remembered_for_its_account(
    store: JobStore, database: Database
) -> None:
    seconds = [100.0]
    jobs = CachedJobs(store, clock=lambda: seconds[0])
    job_id = jobs.submit(NEW, open_limit=1).id
    store.claim("worker", lease_seconds=60)
    store.succeed(job_id, "worker", VIDEO, Counts(1, 1))
    found = jobs.find(job_id, ACCOUNT)
    with database.writing() as connection:
        connection.execute(delete(JOBS))

    seconds[0] = 104.9
    assert jobs.find(job_id, ACCOUNT) == found
    with pytest.raises(JobNotFound):
        jobs.find(job_id, "210987654321")
    seconds[0] = 105.0
    with pytest.raises(JobNotFound):
        jobs.find(job_id, ACCOUNT)
