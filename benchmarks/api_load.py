"""Measure how many requests a second one server process answers, and how fast.

    make bench-api

Starts `passerby serve` without a worker on a free loopback port, over a result of five
million sightings, and asks it with requests signed beforehand over connections that
stay open. Every signature is checked; the limits of rate and of open jobs are off.
"Alone" asks one request at a time, "loaded" keeps `CONNECTIONS` under way.
"""

import asyncio
import itertools
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import uvloop
from benchmarks import machine
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from passerby.access.keys import AccessKey
from passerby.api.tokens import ContinuedListing, PageTokens
from passerby.bootstrap.installation import Installation, open_installation
from passerby.jobs.job import Counts, NewJob
from passerby.records import NO_FACE, Sightings, VideoInfo
from passerby.settings import Settings
from passerby.testing import frontal_faces

ROWS = 5_050_000
FAR_ROW = 5_000_000
PEOPLE = 50
BUCKET = "lobby"
WITH_FACE = 0.3  # of the sightings; a face in every third is the most there can be
CONNECTIONS = 8
SECONDS_LOADED = 2.0
SECONDS_ALONE = 1.0
UNLIMITED = {"STARTS_PER_SECOND": 0, "GETS_PER_SECOND": 0, "OPEN_JOBS": 100_000_000}
VIDEO = VideoInfo("h264", "QuickTime / MOV", 30.0, 1920, 1080, 6_700_000, "LIMITED")


@dataclass(frozen=True)
class Load:
    """Requests that are asked over and over."""

    name: str
    requests: Sequence[bytes]


@dataclass(frozen=True)
class Figures:
    """Rate and times of the answers to a load."""

    per_second: float
    seconds: Sequence[float]  # of each request, from its first byte to the answer's last

    def milliseconds(self, percent: int) -> float:
        """Return a percentile of the times."""
        return 1000 * statistics.quantiles(self.seconds, n=100)[percent - 1]


@dataclass(frozen=True)
class Signer:
    """A client that signs as AWS's do."""

    url: str
    key: AccessKey

    def __call__(self, operation: str, members: dict[str, object]) -> bytes:
        """Build a whole HTTP request."""
        body = json.dumps(members).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"RekognitionService.{operation}",
        }
        request = AWSRequest("POST", self.url, headers=headers, data=body)
        credentials = Credentials(self.key.id, self.key.secret)
        SigV4Auth(credentials, "rekognition", "us-east-1").add_auth(request)
        lines = ["POST / HTTP/1.1", f"Host: {urlsplit(self.url).netloc}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


class Connection:
    """A connection to the server that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "Connection":
        """Connect to a server."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=2**20))

    async def answer(self, request: bytes) -> tuple[bool, bytes]:
        """Send a request; give whether it was granted, and the body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(_content_length(head))
        return head.startswith(b"HTTP/1.1 200"), body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def _content_length(head: bytes) -> int:
    """Read the length of the body from the head of an answer."""
    name = b"content-length: "
    start = head.lower().index(name) + len(name)
    return int(head[start : head.index(b"\r\n", start)])


def main() -> None:
    """Print the figures as Markdown."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as folder:
        settings = Settings(data=Path(folder))
        installation = open_installation(settings)
        key = installation.keys.create()
        video = settings.bucket_root / BUCKET / "monday.mp4"
        video.parent.mkdir(parents=True)
        video.write_bytes(secrets.token_bytes(1_000_000))
        job_id = finished_job(installation, key)
        with server(settings.data) as running:
            sign = Signer(running.url, key)
            print(f"{machine.description()}\n- one server process; client on the same machine\n")
            print_table(running.url, loads(sign, installation, job_id))


def finished_job(installation: Installation, key: AccessKey, rows: int = ROWS) -> str:
    """Store a job that found so many sightings; return its id."""
    new = NewJob(
        account_id=key.account_id,
        operation="StartPersonTracking",
        request={"Video": {"S3Object": {"Bucket": BUCKET, "Name": "monday.mp4"}}},
        source={"bucket": BUCKET, "key": "monday.mp4", "version": None},
        token=None,
        tag=None,
    )
    job = installation.jobs.submit(new, open_limit=1)
    installation.jobs.claim("bench", lease_seconds=600)
    installation.results.write(job.id, crowd(rows))
    installation.jobs.succeed(job.id, "bench", VIDEO, Counts(PEOPLE, rows))
    return job.id


def crowd(count: int) -> Sightings:
    """Make sightings of `PEOPLE` persons in every frame, some with a face."""
    random = np.random.default_rng(2026)
    rows = np.arange(count, dtype=np.int64)
    corner = random.uniform(0, 900, (count, 2)).astype(np.float32)
    size = random.uniform(20, 180, (count, 2)).astype(np.float32)
    xyxy = np.hstack([corner, corner + size])
    face = np.where(random.random(count) < WITH_FACE, np.int64(0), np.int64(NO_FACE))
    with_face = np.flatnonzero(face != NO_FACE)
    face[with_face] = np.arange(len(with_face))
    return Sightings(
        person_index=rows % PEOPLE,
        frame_index=rows // PEOPLE * 2,
        timestamp_ms=rows // PEOPLE * 66,
        xyxy=xyxy,
        confidence=random.uniform(0.4, 1, count).astype(np.float32),
        detected=np.ones(count, np.bool_),
        face=face,
        faces=frontal_faces(xyxy[with_face]),
    )


@dataclass(frozen=True)
class Running:
    """A server process."""

    url: str
    process_id: int


@contextmanager
def server(
    data: Path, options: Sequence[str] = ("--no-worker",), limits: Mapping[str, object] = UNLIMITED
) -> Iterator[Running]:
    """Run a server for as long as the block lasts."""
    environment = os.environ | {f"PASSERBY_{name}": str(value) for name, value in limits.items()}
    command = [sys.executable, "-m", "passerby", "serve", "--port", "0", *options]
    log = data / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--data", str(data)], env=environment, stderr=errors
        )
    try:
        while "startup complete" not in log.read_text():
            if process.poll() is not None:
                sys.exit(f"the server did not start: {log.read_text()}")
            time.sleep(0.05)
        yield Running(log.read_text().split()[2], process.pid)
    finally:
        process.terminate()
        process.wait()


def loads(sign: Signer, installation: Installation, job_id: str) -> Iterator[Load]:
    """Prepare the loads: starts, and pages at both ends and anywhere, short and long."""
    video = {"S3Object": {"Bucket": BUCKET, "Name": "monday.mp4"}}
    yield Load("Start (queued, not analysed)", [sign("StartPersonTracking", {"Video": video})])
    tokens = PageTokens(installation.sealing_key.derive(b"passerby: page tokens"))
    listing = ContinuedListing(sign.key.account_id, job_id, "TIMESTAMP")

    def page(row: int, count: int) -> bytes:
        token = tokens.seal(listing, row, datetime.now(UTC))
        members = {"JobId": job_id, "MaxResults": count, "NextToken": token}
        return sign("GetPersonTracking", members)

    anywhere = np.random.default_rng(1).integers(0, FAR_ROW, 500).tolist()
    for count in (10, 1000):
        for start in (0, FAR_ROW):
            rows = range(start, start + 20 * count, count)
            yield Load(f"Get {count} from row {start:,}", [page(row, count) for row in rows])
        yield Load(f"Get {count} anywhere", [page(row, count) for row in anywhere])


def print_table(url: str, asked: Iterator[Load]) -> None:
    """Ask for each load, and print a line about it."""
    print("| | alone: p50 | p99 ms | loaded: requests/s | p50 | p99 ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for load in asked:
        measure(url, load, 1, SECONDS_ALONE / 4)  # warm up
        alone = measure(url, load, 1, SECONDS_ALONE)
        loaded = measure(url, load, CONNECTIONS, SECONDS_LOADED)
        print(
            f"| {load.name} | {alone.milliseconds(50):.2f} | {alone.milliseconds(99):.2f} "
            f"| {loaded.per_second:,.0f} | {loaded.milliseconds(50):.2f} "
            f"| {loaded.milliseconds(99):.2f} |",
            flush=True,
        )


def measure(url: str, load: Load, connections: int, seconds: float) -> Figures:
    """Ask over so many connections for so many seconds."""
    times = uvloop.run(_ask_on_all(url, load, connections, seconds))
    return Figures(len(times) / seconds, times)


async def _ask_on_all(url: str, load: Load, connections: int, seconds: float) -> list[float]:
    requests = itertools.cycle(load.requests)
    until = time.perf_counter() + seconds
    asking = (_ask(url, requests, until) for _ in range(connections))
    return [each for times in await asyncio.gather(*asking) for each in times]


async def _ask(url: str, requests: Iterator[bytes], until: float) -> list[float]:
    connection = await Connection.open(url)
    times = []
    while (began := time.perf_counter()) < until:
        is_granted, body = await connection.answer(next(requests))
        if not is_granted:
            sys.exit(f"the server refused: {body.decode()}")
        times.append(time.perf_counter() - began)
    connection.close()
    return times


if __name__ == "__main__":
    main()
