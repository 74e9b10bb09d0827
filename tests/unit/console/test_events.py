"""Events that one browser receives, poll by poll."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from passerby.access.encryption import SealingKey
from passerby.access.ended_sessions import EndedSessions
from passerby.access.keys import AccessKeys
from passerby.console.authentication import AuthenticatedRequest
from passerby.console.events import EventSources, EventStream
from passerby.console.sessions import Sessions
from passerby.database.connection import open_database
from passerby.jobs.artifact_orders import ArtifactOrders
from passerby.jobs.job import Job, NewJob
from passerby.jobs.job_list import JobList
from passerby.jobs.store import JobStore

MINE, THEIRS = "111111111111", "222222222222"


class Listener:
    """A browser of account `MINE` that listens, and jobs to listen to."""

    def __init__(self, folder: Path) -> None:
        database = open_database(f"sqlite:///{folder}/jobs.db")
        self.close = database.close
        self.jobs = JobStore(database)
        self.orders = ArtifactOrders(database, folder / "pictures")
        self.keys = AccessKeys(database, SealingKey(bytes(32)))
        self.key = self.keys.create(MINE)
        sessions = Sessions(bytes(32), self.keys, EndedSessions(database))
        now = datetime.now(UTC)
        request = AuthenticatedRequest(
            Request({"type": "http"}), sessions.begin(self.key, now), body=b""
        )
        sources = EventSources(self.jobs, JobList(database), self.orders)
        self.stream = EventStream(sources, sessions, request, now - timedelta(seconds=30))

    def submit(self, account_id: str = MINE) -> Job:
        source = {"bucket": "cctv", "key": "a.mp4"}
        return self.jobs.submit(NewJob(account_id, "Start", {}, source), open_limit=9)

    def poll(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and members of each event."""
        encoded = self.stream.poll()
        assert encoded is not None
        events = [event.splitlines() for event in encoded.decode().split("\n\n") if event]
        return [
            (kind.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: ")))
            for _, kind, data in events
        ]

    def poll_artifacts(self) -> list[dict[str, Any]]:
        return [members for kind, members in self.poll() if kind == "artifact"]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with closing(Listener(tmp_path)) as listener:
        yield listener


def test_each_change_of_a_job_is_sent_once(listener: Listener) -> None:
    job = listener.submit()
    listener.submit(THEIRS)

    assert [(kind, facts["id"], facts["words"]) for kind, facts in listener.poll()] == [
        ("job", job.id, "Waiting")
    ]
    assert listener.poll() == []
    listener.jobs.cancel(job.id)
    assert [facts["words"] for _, facts in listener.poll()] == ["Cancelled"]
    assert listener.poll() == []


def test_an_artifact_is_followed_to_its_end(listener: Listener) -> None:
    job, other, orders = listener.submit(), listener.submit(THEIRS), listener.orders
    orders.order(job.id, "film.mp4", MINE, {})
    orders.order(other.id, "secret.mp4", THEIRS, {})
    assert [status["stage"] for status in listener.poll_artifacts()] == ["waiting"]
    order = orders.claim("worker", is_quick=False)
    assert order is not None
    orders.report(order, "worker", 0.25)

    first = listener.poll_artifacts()
    path = orders.folder / job.id / "film.mp4"
    path.parent.mkdir(parents=True)
    orders.finish(order, "worker", path.touch)
    last = listener.poll_artifacts()

    assert [(status["name"], status["stage"], status["fraction"]) for status in first] == [
        ("film.mp4", "under way", 0.25)
    ]
    assert [(status["job_id"], status["name"], status["stage"]) for status in last] == [
        (job.id, "film.mp4", "ready")
    ]
    assert listener.poll() == []


def test_the_stream_ends_with_the_session(listener: Listener) -> None:
    assert listener.stream.poll() == b""
    listener.keys.revoke(listener.key.id)

    assert listener.stream.poll() is None
