"""Check after a run that nothing is lost, nothing was done twice and nothing is left."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from passerby.clock import utc_now
from passerby.database.connection import Database, open_database
from passerby.database.schema import JOBS, OUTBOX, TOKENS
from passerby.jobs.sweeper import Folders, sweep
from passerby.results.store import Results

from .client import AcceptedJob, RetryingClient
from .webhook_receiver import WebhookReceiver

HOUR_SECONDS = 3600
ORDERS = ("timestamp", "index")


class Findings(list[str]):
    """Lines that say what was wrong."""

    def expect(self, condition: object, otherwise: str) -> None:
        """Note `otherwise` unless the condition holds."""
        if not condition:
            self.append(otherwise)


def all_answers(data: Path, client: RetryingClient, job_id: str) -> tuple[bytes, ...]:
    """Collect all that a job answers: its pages and its files."""
    folder = data / "results" / job_id
    files = [folder / f"{order}.parquet" for order in ORDERS]
    return (client.pages(job_id), *(file.read_bytes() for file in files))


def check_messages(
    findings: Findings, receiver: WebhookReceiver, data: Path, job: AcceptedJob, status: str
) -> None:
    """Check that a job's message came, the same each time, about the results that are there."""
    heard = receiver.heard[job.job_id]
    findings.expect(heard, f"{job.token}: no message came")
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


def check_database(findings: Findings, database: Database, accepted: list[AcceptedJob]) -> None:
    """Check that the database has the accepted jobs, none under way, all messages delivered."""
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


def check_files(
    findings: Findings, data: Path, database_url: str, scratch: Path, succeeded: set[str]
) -> None:
    """Check that the sweeper leaves what succeeded, whole observations, and nothing else."""
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


class ShardFileWatch:
    """Notes the file of each finished shard, and whether it is ever made again."""

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
