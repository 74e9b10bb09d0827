from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from passerby.database.connection import Database
from passerby.errors import TokenReused
from passerby.jobs.job import NewJob
from passerby.jobs.store import JobStore

FIRST = NewJob(
    account_id="000000000000",
    operation="StartPersonTracking",
    request={"Video": {"Name": "walk.mp4"}, "JobTag": "a"},
    source={"location": "walk.mp4"},
    token="token-1",
)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(FIRST, id="the very same request"),
        pytest.param(
            replace(FIRST, request={"JobTag": "a", "Video": {"Name": "walk.mp4"}}),
            id="its members in another order",
        ),
        pytest.param(
            replace(FIRST, source={"location": "walk.mp4", "etag": "2"}),
            id="a video replaced meanwhile",
        ),
    ],
)
def test_a_repeated_request_finds_its_job(database: Database, later: NewJob) -> None:
    store = JobStore(database)
    job = store.submit(FIRST, open_limit=1)

    assert store.submit(later, open_limit=1) == job
    assert store.recent(limit=10) == [job]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(replace(FIRST, token=None), id="no token"),
        pytest.param(replace(FIRST, token="token-2"), id="another token"),
        pytest.param(replace(FIRST, account_id="111111111111"), id="another account"),
        pytest.param(replace(FIRST, operation="StartFaceDetection"), id="another operation"),
    ],
)
def test_another_request_makes_another_job(database: Database, later: NewJob) -> None:
    store = JobStore(database)
    job = store.submit(FIRST, open_limit=9)

    assert store.submit(later, open_limit=9).id != job.id


def test_requests_without_a_token_are_never_repeats(database: Database) -> None:
    store = JobStore(database)
    new = replace(FIRST, token=None)

    assert store.submit(new, open_limit=9).id != store.submit(new, open_limit=9).id


def test_a_token_with_another_request_is_refused(database: Database) -> None:
    store = JobStore(database)
    store.submit(FIRST, open_limit=9)

    with pytest.raises(TokenReused):
        store.submit(replace(FIRST, request={"Video": {"Name": "run.mp4"}}), open_limit=9)
    assert len(store.recent(limit=10)) == 1


def test_an_ended_job_is_still_found(database: Database) -> None:
    store = JobStore(database)
    job = store.submit(FIRST, open_limit=9)
    store.cancel(job.id)

    assert store.submit(FIRST, open_limit=9) == store.find(job.id)


@pytest.mark.parametrize(
    ("age", "same"),
    [
        pytest.param(timedelta(days=7) - timedelta(seconds=1), True, id="just before 7 days"),
        pytest.param(timedelta(days=7), False, id="after 7 days"),
    ],
)
def test_a_token_lives_for_seven_days(database: Database, age: timedelta, same: bool) -> None:  # noqa: FBT001
    start = datetime(2026, 11, 21, tzinfo=UTC)
    job = JobStore(database, now=lambda: start).submit(FIRST, open_limit=9)

    later = JobStore(database, now=lambda: start + age).submit(FIRST, open_limit=9)

    assert (later.id == job.id) is same


def test_a_token_used_anew_lives_anew(database: Database) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    JobStore(database, now=lambda: start).submit(FIRST, open_limit=9)
    other = replace(FIRST, request={"Video": {"Name": "run.mp4"}})
    week_later = JobStore(database, now=lambda: start + timedelta(days=8))
    second = week_later.submit(other, open_limit=9)

    assert week_later.submit(other, open_limit=9) == second
    with pytest.raises(TokenReused):
        week_later.submit(FIRST, open_limit=9)
