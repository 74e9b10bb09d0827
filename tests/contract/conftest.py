"""A real server on a loopback port, with real stores, for real AWS clients."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import numpy as np
import pytest
import uvicorn
from botocore.client import BaseClient
from botocore.config import Config
from starlette.applications import Starlette
from tests.waiting import PATIENCE_SECONDS

from passerby.access.encryption import SealingKey
from passerby.access.keys import AccessKey, AccessKeys
from passerby.api.app import create_app
from passerby.api.exchange import Service
from passerby.api.forwarding import Forwarding
from passerby.api.metrics import Metrics
from passerby.api.operations import Objects, Tracking
from passerby.api.rate_limits import RateLimiter
from passerby.api.signature import Authenticator
from passerby.api.tokens import PageTokens
from passerby.clock import utc_now
from passerby.cloud.objects import FolderBuckets
from passerby.database.connection import open_database
from passerby.jobs.job import Counts
from passerby.jobs.queue_stats import queue_stats
from passerby.jobs.store import JobStore
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.results.store import Results
from passerby.server.http_protocol import LimitedProtocol

OPEN_JOB_LIMIT = 3
VIDEO_BYTES_LIMIT = 1000
VIDEO = VideoInfo("h264", "QuickTime / MOV", 29.97, 640, 360, 14581, "LIMITED")


@dataclass(frozen=True)
class Server:
    """The running service, and the stores behind it."""

    url: str
    keys: AccessKeys
    jobs: JobStore
    results: Results

    def finish(self, job_id: str, sightings: Sightings) -> None:
        """End a job as a worker does that found `sightings`."""
        self._claim(job_id)
        self.results.write(job_id, sightings)
        self.jobs.succeed(job_id, "worker", VIDEO, Counts(persons=1, sightings=len(sightings)))

    def fail(self, job_id: str, message: str) -> None:
        """End a job as a worker does that could not read the video."""
        self._claim(job_id)
        self.jobs.fail(job_id, "worker", message)

    def _claim(self, job_id: str) -> None:
        while (job := self.jobs.claim("worker", lease_seconds=60)) and job.id != job_id:
            continue  # the jobs of other tests come first
        assert job is not None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("service")) as server:
        yield server


@pytest.fixture(scope="module")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that checks signatures however many were wrong."""
    unmoved = RateLimiter(1e9, burst=1e9)
    with serving(tmp_path_factory.mktemp("service"), unmoved) as server:
        yield server


@contextmanager
def serving(
    root: Path,
    failures: RateLimiter | None = None,
    cors_origins: Sequence[str] = (),
    forwarding: Forwarding | None = None,
    objects: Objects | None = None,
) -> Iterator[Server]:
    """A server over the folder `root`; `failures` are wrong signatures it puts up with."""
    lobby = root / "buckets" / "lobby"
    lobby.mkdir(parents=True, exist_ok=True)
    (lobby / "monday.mp4").write_bytes(bytes(VIDEO_BYTES_LIMIT))
    (lobby / "huge.mp4").write_bytes(bytes(VIDEO_BYTES_LIMIT + 1))
    database = open_database(f"sqlite:///{root}/jobs.sqlite")
    keys = AccessKeys(database, SealingKey(bytes(32)))
    jobs, results = JobStore(database), Results(root / "results")
    tracking = Tracking(
        jobs=jobs,
        objects=objects or FolderBuckets(root / "buckets"),
        results=results,
        page_tokens=PageTokens(bytes(32)),
        open_job_limit=OPEN_JOB_LIMIT,
        video_bytes_limit=VIDEO_BYTES_LIMIT,
    )
    metrics = Metrics(lambda: queue_stats(database, utc_now()))
    authenticator = (
        Authenticator(keys.find, failures=failures) if failures else Authenticator(keys.find)
    )
    service = Service(authenticator, {}, tracking, metrics, forwarding=forwarding)
    with listening(create_app(service, cors_origins=cors_origins)) as url:
        yield Server(url, keys, jobs, results)
    database.close()


@contextmanager
def listening(app: Starlette, protocol: type[LimitedProtocol] = LimitedProtocol) -> Iterator[str]:
    """The application on a free port; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=protocol, log_config=None, ws="none")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join()


_account_numbers = itertools.count(1)


@pytest.fixture
def key(server: Server) -> AccessKey:
    """Access key of an account that no other test uses."""
    return server.keys.create(f"{next(_account_numbers):012d}")


@pytest.fixture
def rekognition(server: Server, key: AccessKey) -> BaseClient:
    return connect(server.url, key.id, key.secret)


def connect(url: str, key_id: str, secret: str, **config: object) -> BaseClient:
    """Make a boto3 client that asks once, waits for long and checks nothing by itself."""
    once = Config(
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        read_timeout=PATIENCE_SECONDS,
        **config,
    )
    return boto3.client(
        "rekognition",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=once,
    )


def a_walk(count: int) -> Sightings:
    """One person, a pixel further at each millisecond."""
    steps = np.arange(count)
    left = steps.astype(np.float32) % 600
    return Sightings(
        person_index=np.zeros(count, np.int64),
        frame_index=steps,
        timestamp_ms=steps,
        xyxy=np.stack([left, left * 0, left + 32, left * 0 + 90], axis=1),
        confidence=np.linspace(0.5, 1, count, dtype=np.float32),
        detected=np.ones(count, np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


COMMAND_LINES = {
    "v1": Path(sys.executable).with_name("aws"),
    "v2": Path("/usr/bin/aws"),  # Debian's package `awscli`
}


@pytest.fixture(params=COMMAND_LINES)
def aws(request: pytest.FixtureRequest) -> Path:
    """Program of an AWS command line."""
    program = COMMAND_LINES[request.param]
    if not program.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
    return program


JAVASCRIPT = Path(__file__).parent / "js"


@pytest.fixture(scope="session")
def node() -> str:
    """Program of Node.js, with both SDKs installed as the lock file says."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("node and npm are not installed")
    installed = JAVASCRIPT / "node_modules" / ".package-lock.json"
    lock = JAVASCRIPT / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=JAVASCRIPT, check=True, timeout=PATIENCE_SECONDS)
    return node
