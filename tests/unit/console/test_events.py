"""What one browser is told, look by look."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from starlette.requests import Request

from passerby.access.encryption import SealingKey
from passerby.access.keys import AccessKeys
from passerby.console.artifacts import Making
from passerby.console.authentication import Visit
from passerby.console.dependencies import Desk
from passerby.console.events import Watch
from passerby.console.sessions import Sessions
from passerby.database.connection import open_database
from passerby.jobs.job import Job, NewJob
from passerby.jobs.job_list import JobList
from passerby.jobs.store import JobStore

from .conftest import wait_until

MINE, THEIRS = "111111111111", "222222222222"


class Office:
    """A desk with what events are made from, and somebody who watches."""

    def __init__(self, folder: Path, making: Making) -> None:
        database = open_database(f"sqlite:///{folder}/jobs.db")
        self.close = database.close
        self.jobs = JobStore(database)
        self.keys = AccessKeys(database, SealingKey(bytes(32)))
        sessions = Sessions(bytes(32), self.keys)
        self.key = self.keys.create(MINE)
        now = datetime.now(UTC)
        parts = {"jobs": self.jobs, "making": making, "sessions": sessions}
        desk = _desk(job_list=JobList(database), **parts)
        visit = Visit(cast("Request", None), sessions.begin(self.key, now), desk, b"")
        self.watch = Watch(visit, now - timedelta(seconds=30))

    def submit(self, account_id: str = MINE) -> Job:
        source = {"bucket": "cctv", "key": "a.mp4"}
        return self.jobs.submit(NewJob(account_id, "Start", {}, source), open_limit=9)

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and members of each event of one look."""
        told = self.watch.look()
        assert told is not None
        events = [event.splitlines() for event in told.decode().split("\n\n") if event]
        return [
            (kind.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: ")))
            for _, kind, data in events
        ]


def _desk(**parts: object) -> Desk:
    """A desk with nothing else on it."""
    desk = object.__new__(Desk)
    for name, part in parts.items():
        object.__setattr__(desk, name, part)
    return desk


@pytest.fixture
def office(tmp_path: Path, making: Making) -> Iterator[Office]:
    with closing(Office(tmp_path, making)) as office:
        yield office


def test_what_changes_is_told_once(office: Office) -> None:
    job = office.submit()
    office.submit(THEIRS)

    assert [(kind, told["id"], told["words"]) for kind, told in office.heard()] == [
        ("job", job.id, "Waiting")
    ]
    assert office.heard() == []
    office.jobs.cancel(job.id)
    assert [told["words"] for _, told in office.heard()] == ["Cancelled"]
    assert office.heard() == []


def test_what_is_made_is_told_to_the_end(office: Office, making: Making, tmp_path: Path) -> None:
    job, other, go_on = office.submit(), office.submit(THEIRS), tmp_path / "go on"
    making.ask(job.id, "film.mp4", lambda draft: ["tells", str(draft), str(go_on)])
    making.ask(other.id, "secret.mp4", lambda draft: ["writes", str(draft), ""])
    wait_until(lambda: making.standings()[0].fraction > 0)

    first = [told for kind, told in office.heard() if kind == "making"]
    go_on.touch()
    wait_until(lambda: not making.standings())
    last = [told for kind, told in office.heard() if kind == "making"]

    assert [(told["name"], told["stage"], told["fraction"]) for told in first] == [
        ("film.mp4", "under way", 0.25)
    ]
    assert [(told["job_id"], told["name"], told["stage"]) for told in last] == [
        (job.id, "film.mp4", "ready")
    ]
    assert office.heard() == []


def test_the_end_of_the_session_is_the_end_of_the_stream(office: Office) -> None:
    assert office.watch.look() == b""
    office.keys.revoke(office.key.id)

    assert office.watch.look() is None
