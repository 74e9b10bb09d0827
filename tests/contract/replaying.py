"""The stand-in with the face of the server of these tests, so that both answer the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from passerby.jobs.job import Job
from passerby.records import Sightings
from passerby.replay.example import example
from passerby.replay.keys import Key
from passerby.replay.recordings import Recordings, recording_of
from passerby.replay.script import KeyRule
from passerby.replay.stub_server import StubServer, running_stub_server
from passerby.results.tables import write_table
from passerby.wire.answer import encode_answer, whole_answer

from .conftest import OPEN_JOB_LIMIT, VIDEO

MONDAY = "lobby/monday.mp4"


@dataclass
class Replaying:
    """What tests ask of a server; it is its own list of keys and of jobs, too."""

    stub_server: StubServer
    folder: Path
    known_keys: list[KeyRule] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.stub_server.url

    @property
    def keys(self) -> "Replaying":
        return self

    @property
    def jobs(self) -> "Replaying":
        return self

    def create(self, account_id: str) -> Key:
        number = len(self.known_keys)
        rule = KeyRule(
            id=f"AKIATEST{number:012d}", secret=f"secret {number}", account_id=account_id
        )
        self.known_keys.append(rule)
        self.follow()
        return Key(rule.id, rule.secret, account_id=account_id)

    def follow(self) -> None:
        self.stub_server.script(
            jobs=[{"polls": 1_000_000}],  # until a test ends them
            faults=[{"code": "VideoTooLargeException", "video": "lobby/huge.mp4"}],
            keys=[msgspec.to_builtins(rule) for rule in self.known_keys],
            open_jobs=OPEN_JOB_LIMIT,
        )

    def recent(self, limit: int, account_id: str) -> list[Job]:
        return [job for job in self.stub_server.jobs.all() if job.account_id == account_id][:limit]

    def finish(self, job_id: str, sightings: Sightings) -> None:
        table = self.folder / f"{job_id}.parquet"
        write_table(sightings, table)
        answer = encode_answer(whole_answer(VIDEO, sightings))
        self.stub_server.jobs.recordings.put(MONDAY, recording_of(answer, table))
        self.stub_server.finish(job_id)

    def fail(self, job_id: str, message: str) -> None:
        self.stub_server.finish(job_id, message)


@contextmanager
def replaying(folder: Path) -> Iterator[Replaying]:
    """A stand-in with a recording for one video, and jobs that end when a test says so."""
    with running_stub_server(StubServer(Recordings({MONDAY: example()}))) as stub_server:
        server = Replaying(stub_server, folder)
        server.follow()
        yield server
