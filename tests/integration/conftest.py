"""The program as its users have it: real processes, real clients, real files."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import boto3
import pytest
from av.packet import Packet
from av.video.stream import VideoStream
from botocore.client import BaseClient
from botocore.config import Config
from tests.waiting import PATIENCE_SECONDS, wait_until

import passerby
from passerby.database.connection import open_database
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore

SAMPLE = Path(passerby.__file__).parent / "samples" / "people-walking.mp4"
SAMPLE_FRAMES = 160
SAMPLE_RATE = 10

BUCKET = "cctv"


def python(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        check=False,
        cwd=cwd,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command of passerby to its end."""
    return python("-m", "passerby", *arguments)


def printed(ended: subprocess.CompletedProcess[str]) -> str:
    """What a program printed that must have ended well."""
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def done(*arguments: object) -> str:
    """Run a command of passerby that must succeed; gives what it printed."""
    return printed(run(*arguments))


@dataclass(frozen=True)
class Service:
    """A running server, and what a client needs to know of it."""

    process: subprocess.Popen[str]
    data: Path
    log: Path
    environment: dict[str, str]  # of the lines for clients; empty where none were printed

    @property
    def url(self) -> str:
        found = re.search(r"http://[0-9.:]+", self.log.read_text())
        assert found
        return found[0]

    @property
    def bucket(self) -> Path:
        return self.data / "buckets" / BUCKET

    def client(self, key_id: str = "", secret: str = "") -> BaseClient:
        return boto3.client(
            "rekognition",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=key_id or self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret or self.environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=PATIENCE_SECONDS),
        )

    def job(self, job_id: str) -> Job:
        url = os.environ.get("PASSERBY_DATABASE", f"sqlite:///{self.data / 'passerby.db'}")
        with closing(open_database(url)) as database:
            return JobStore(database).find(job_id)

    def workers(self) -> list[int]:
        """Process ids of the server's children."""
        path = Path(f"/proc/{self.process.pid}/task")
        children = [child for task in path.iterdir() for child in _words(task / "children")]
        return [int(child) for child in children if b"worker" in _command_line(int(child))]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except FileNotFoundError:  # a thread that ended meanwhile
        return []


def _command_line(process_id: int) -> bytes:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def alive(process_id: int) -> bool:
    """Whether a process is there, and not only waits to be buried."""
    return bool(_command_line(process_id))


@contextmanager
def serving(data: Path, *options: object, keyless: bool = False) -> Iterator[Service]:
    """A server on a free port; `keyless` where it is not the first start."""
    (data / "buckets" / BUCKET).mkdir(parents=True, exist_ok=True)
    log = data / ("second-server.log" if keyless else "server.log")
    command = ["-m", "passerby", "serve", "--port", "0", "--data", str(data), *map(str, options)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, *command],
            # Behind other programs a worker that stands back would take too long.
            env={"PASSERBY_WORKER_NICENESS": "0"} | os.environ,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            lines = [] if keyless else [process.stdout.readline() for _ in range(5)]
            wait_until(lambda: bool(process.poll()) or "startup complete" in log.read_text())
            assert process.poll() is None, log.read_text()
            pairs = (line.removeprefix("export ").strip().split("=", 1) for line in lines)
            yield Service(process, data, log, dict(pairs))
        finally:
            process.terminate()


def start(client: BaseClient, name: str, **members: object) -> str:
    """StartPersonTracking; gives the job id."""
    video = {"S3Object": {"Bucket": BUCKET, "Name": name}}
    answer = client.start_person_tracking(Video=video, **members)
    return cast("str", answer["JobId"])


def ended(client: BaseClient, job_id: str, **members: object) -> dict[str, Any]:
    """Poll until the job has ended; gives the last answer."""
    answers: list[dict[str, Any]] = []

    def has_ended() -> bool:
        answers[:] = [client.get_person_tracking(JobId=job_id, **members)]
        return bool(answers[0]["JobStatus"] != "IN_PROGRESS")

    wait_until(has_ended)
    return answers[0]


def all_persons(client: BaseClient, job_id: str, **members: object) -> list[dict[str, Any]]:
    """`Persons` of all pages, by the loop of AWS's tutorials."""
    persons, token = [], ""
    while True:
        page = client.get_person_tracking(JobId=job_id, NextToken=token, **members)
        persons += page["Persons"]
        if "NextToken" not in page:
            return persons
        token = page["NextToken"]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One server for all tests that do it no harm."""
    with serving(tmp_path_factory.mktemp("service")) as running:
        shutil.copy(SAMPLE, running.bucket / "people.mp4")
        yield running


@pytest.fixture(scope="session")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `passerby track --annotate` writes for the sample."""
    out = tmp_path_factory.mktemp("tracked") / "new" / "folder"
    done("track", SAMPLE, "--out", out, "--annotate")
    return out


def people_clip(path: Path, frames: int, speed: int = 1) -> Path:
    """Frames of the sample, over and over, so many times as fast; nothing is encoded anew."""
    with av.open(path, "w") as target:
        stream: VideoStream | None = None
        for start in range(0, frames, SAMPLE_FRAMES):
            with av.open(SAMPLE) as source:
                film = source.streams.video[0]
                stream = stream or target.add_stream_from_template(film)
                packets = [packet for packet in source.demux(film) if packet.size]
                for packet in packets[: frames - start]:
                    _delay(packet, Fraction(start, SAMPLE_RATE), speed)
                    packet.stream = stream
                    target.mux(packet)
    return path


def _delay(packet: "Packet[VideoStream]", seconds: Fraction, speed: int) -> None:
    assert packet.pts is not None
    assert packet.dts is not None
    ticks = round(seconds / packet.time_base)
    packet.pts = (packet.pts + ticks) // speed
    packet.dts = (packet.dts + ticks) // speed
    packet.duration = (packet.duration or 0) // speed


def people(frames: int) -> list[Any]:
    """The first pictures of the sample, (576, 768, 3) uint8 BGR."""
    with av.open(SAMPLE) as source:
        decoded = source.decode(video=0)
        return [next(decoded).to_ndarray(format="bgr24") for _ in range(frames)]


def frame_count(path: Path) -> int:
    """How many frames a player shows."""
    with av.open(path) as source:
        return sum(1 for _ in source.decode(video=0))
