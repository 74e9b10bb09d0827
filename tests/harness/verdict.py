"""What is looked at when all is over: nothing lost, nothing twice, nothing left."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from passerby.clock import utc_now
from passerby.database.connection import Database, open_database
from passerby.database.schema import JOBS, OUTBOX, TOKENS
from passerby.jobs.sweeper import Folders, sweep
from passerby.results.store import Results

from .caller import Accepted, Caller
from .receiver import Receiver

HOUR_SECONDS = 3600
ORDERS = ("timestamp", "index")


class Findings(list[str]):
    """What was wrong, each in a line."""

    def expect(self, condition: object, otherwise: str) -> None:
        """Note `otherwise` unless the condition holds."""
        if not condition:
            self.append(otherwise)


def answers(data: Path, caller: Caller, job_id: str) -> tuple[bytes, ...]:
    """All that a job answers: what its pages say, and its files."""
    folder = data / "results" / job_id
    files = [folder / f"{order}.parquet" for order in ORDERS]
    return (caller.pages(job_id), *(file.read_bytes() for file in files))


def told(findings: Findings, receiver: Receiver, data: Path, job: Accepted, status: str) -> None:
    """Each message came, with the same words each time, of the results that are there now."""
    heard = receiver.told[job.job_id]
    findings.expect(heard, f"{job.token}: nobody was told")
    findings.expect(len(set(heard)) <= 1, f"{job.token}: two different messages")
    findings.expect(
        all(f'"Status":"{status}"' in message for _, message in heard),
        f"{job.token}: told something else than {status}",
    )
    files = [(data / "results" / job.job_id / f"{order}.parquet") for order in ORDERS]
    there = {file.stat().st_ino for file in files if file.exists()}
    findings.expect(
        receiver.published[job.job_id] == there, f"{job.token}: published more than once"
    )
    findings.expect(
        job.job_id not in receiver.too_early, f"{job.token}: told before it could be read"
    )


def rows(findings: Findings, database: Database, accepted: list[Accepted]) -> None:
    """As many jobs as were accepted, nothing under way, nothing still to be told."""
    with database.reading() as connection:
        ids = connection.execute(select(JOBS.c.id)).scalars().all()
        held = connection.execute(
            select(func.count()).select_from(JOBS).where(JOBS.c.worker_id.is_not(None))
        ).scalar_one()
        tokens = connection.execute(select(func.count()).select_from(TOKENS)).scalar_one()
        states = set(connection.execute(select(OUTBOX.c.state)).scalars())
    findings.expect(
        sorted(ids) == sorted(job.job_id for job in accepted), "other jobs than were accepted"
    )
    findings.expect(tokens == len(accepted), f"{tokens} tokens of {len(accepted)} jobs")
    findings.expect(held == 0, f"{held} ended jobs are still held by a worker")
    findings.expect(states <= {"delivered"}, f"messages are {states}")


def files(
    findings: Findings, data: Path, database_url: str, scratch: Path, succeeded: set[str]
) -> None:
    """After the sweeper there is what succeeded, whole observations, and nothing else."""
    for path in (data / "observations").glob("*"):
        if path.suffix != ".parquet":  # what time does, only sooner
            os.utime(path, (time.time() - 2 * HOUR_SECONDS,) * 2)
    database = open_database(database_url)
    results = Results(data / "results")
    before = utc_now() - timedelta(days=1)
    folders = Folders(data / "observations", data / "copies", data / "pictures")
    sweep(database, results, folders, before)
    database.close()
    stray = [path.name for path in (data / "results").iterdir() if path.name not in succeeded]
    findings.expect(not stray, f"results of no job that succeeded: {stray}")
    observed = (data / "observations").iterdir()
    broken = [path.name for path in observed if path.suffix != ".parquet"]
    findings.expect(not broken, f"unfinished observations: {broken}")
    for folder in (data / "copies", scratch):
        left = [path.name for path in folder.glob("*")]
        findings.expect(not left, f"left in {folder.name}: {left}")


class Watch:
    """Sees each finished shard's file, and whether it is ever made again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, int] = {}
        self.made_again: list[str] = []

    def look(self) -> None:
        """Take note of what is there now."""
        for name, number in self._numbers():
            if self._seen.setdefault(name, number) != number:
                self.made_again.append(name)
                self._seen[name] = number

    def _numbers(self) -> Iterator[tuple[str, int]]:
        for path in self._folder.glob("*.parquet"):
            yield path.name, path.stat().st_ino


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true within some time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
