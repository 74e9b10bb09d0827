"""Two servers and two workers with one PostgreSQL database between them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from botocore.client import BaseClient
from tests.postgresql import Server
from tests.waiting import PATIENCE_SECONDS

from .conftest import all_persons, done, ended, people_clip, serving, start

CLIPS = [f"{number}.mp4" for number in range(2)]


@contextmanager
def worker(data: Path, name: str) -> Iterator[Path]:
    """A worker alone; gives its log."""
    log = data / f"{name}.log"
    command = [sys.executable, "-m", "passerby", "worker", "--data", str(data)]
    with log.open("wb") as errors, subprocess.Popen(command, stderr=errors) as process:
        try:
            yield log
        finally:
            process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture
def data(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose database is elsewhere, with some videos."""
    monkeypatch.setenv("PASSERBY_DATABASE", postgresql_url)
    bucket = tmp_path / "buckets" / "cctv"
    bucket.mkdir(parents=True)
    for number, name in enumerate(CLIPS):
        people_clip(bucket / name, 20 + number)
    return tmp_path


@contextmanager
def cutting(server: Server) -> Iterator[None]:
    """While the block runs, the server cuts all connections every other moment."""
    over = threading.Event()

    def cut() -> None:
        while not over.wait(0.3):
            server.cut_connections()

    with ThreadPoolExecutor(1) as pool:
        cuts = pool.submit(cut)
        try:
            yield
        finally:
            over.set()
            cuts.result()


def start_everywhere(clients: list[BaseClient], name: str) -> set[str]:
    """The same request to all servers at once; gives the job ids they answered."""
    with ThreadPoolExecutor(len(clients)) as pool:
        token = name.replace(".", "-")
        jobs = pool.map(lambda client: start(client, name, ClientRequestToken=token), clients)
        return set(jobs)


def test_two_servers_and_two_workers(data: Path, postgresql_server: Server) -> None:
    with ExitStack() as running:
        first = running.enter_context(serving(data, "--no-worker"))
        second = running.enter_context(serving(data, "--no-worker", keyless=True))
        key = list(first.environment.values())[:2]
        clients = [first.client(*key), second.client(*key)]
        logs = [running.enter_context(worker(data, name)) for name in ("anna", "bert")]

        with cutting(postgresql_server):
            answered = [start_everywhere(clients, name) for name in CLIPS]
            assert [len(ids) for ids in answered] == [1] * len(CLIPS)
            job_ids = [job_id for ids in answered for job_id in ids]
            for number, job_id in enumerate(job_ids):
                assert ended(clients[number % 2], job_id)["JobStatus"] == "SUCCEEDED"
            persons = [all_persons(clients[0], job_id) for job_id in job_ids]

        assert all(persons)
        assert persons == [all_persons(clients[1], job_id) for job_id in job_ids]
        assert not any("Traceback" in path.read_text() for path in (first.log, second.log, *logs))
        taken = [log.read_text().count(": attempt 1") for log in logs]
        assert sum(taken) == len(CLIPS)
    assert not (data / "passerby.db").exists()


def test_a_copy_without_the_database_says_so(data: Path) -> None:
    done("keys", "create", "--data", data)

    said = done("backup", data / "copy", "--data", data)

    assert said == ""
    assert {path.name for path in (data / "copy").iterdir()} == {
        "secret.key",
        "results",
        "backup.json",
    }
