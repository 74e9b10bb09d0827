"""Clients that ask as programs do, over a connection each, and note what comes back."""

import asyncio
import json
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.api_load import Signer, content_length

import passerby

SAMPLE = Path(passerby.__file__).parent / "samples" / "people-walking.mp4"
BUCKET = "lobby"
SAME_VIDEO = "again.mp4"
PAUSE_SECONDS = 0.5  # of a client between two requests, on average
PATIENCE_SECONDS = 30.0
# What is asked, and how often of a hundred times.
MIX = {"Start": 5, "Start again": 5, "Get status": 45, "Get 1000": 25, "Get 10": 20}


@dataclass(frozen=True)
class Caller:
    """An account: how its requests are signed, and which of its results is read."""

    sign: Signer
    finished: str  # id of a job


@dataclass
class Answers:
    """What came back."""

    codes: Counter[tuple[str, str]] = field(default_factory=Counter)  # by request and code
    seconds: dict[str, list[float]] = field(default_factory=dict)  # of what was granted


class Clients:
    """So many clients, dealt out to the callers.

    Parameters
    ----------
    url : str
        Where the server is.
    bucket : Path
        Folder in which a video is put for each job.
    callers : sequence of Caller
    count : int
    """

    def __init__(self, url: str, bucket: Path, callers: Sequence[Caller], count: int) -> None:
        self._url = url
        self._bucket = bucket
        self._callers = callers
        self._count = count
        self._videos = 0
        self._laying_out = threading.Lock()
        shutil.copyfile(SAMPLE, bucket / SAME_VIDEO)
        self._lay_out_next()

    async def start(self, jobs: int) -> None:
        """Have each caller start so many jobs."""
        for caller in self._callers:
            connection = await _Connection.opened(self._url)
            for _ in range(jobs):
                await connection.answer(self._request("Start", caller, "", 0))
                self._lay_out_next()
            connection.close()

    async def ask(self, seconds: float) -> Answers:
        """Ask for so long."""
        found = Answers()
        until = time.perf_counter() + seconds
        clients = (self._client(number, until, found) for number in range(self._count))
        await asyncio.gather(*clients)
        return found

    async def _client(self, number: int, until: float, found: Answers) -> None:
        caller = self._callers[number % len(self._callers)]
        draw = random.Random(number)  # noqa: S311 - no secret
        connection = await _Connection.opened(self._url)
        job = caller.finished
        while time.perf_counter() < until:
            await asyncio.sleep(draw.expovariate(1 / PAUSE_SECONDS))
            (name,) = draw.choices(list(MIX), list(MIX.values()))
            request = self._request(name, caller, job, number)
            began = time.perf_counter()
            granted, body = await connection.answer(request)
            took = time.perf_counter() - began
            found.codes[name, "OK" if granted else json.loads(body)["__type"]] += 1
            if granted:
                found.seconds.setdefault(name, []).append(took)
            if granted and name.startswith("Start"):
                job = json.loads(body)["JobId"]
                await asyncio.to_thread(self._lay_out_next)
        connection.close()

    def _request(self, name: str, caller: Caller, job: str, number: int) -> bytes:
        match name.split():
            case ["Start"]:
                return caller.sign("StartPersonTracking", {"Video": _video(f"{self._videos}.mp4")})
            case ["Start", "again"]:
                token = {"ClientRequestToken": str(number)}
                return caller.sign("StartPersonTracking", {"Video": _video(SAME_VIDEO), **token})
            case ["Get", "status"]:
                return caller.sign("GetPersonTracking", {"JobId": job})
            case [_, count]:
                page = {"JobId": caller.finished, "MaxResults": int(count)}
                return caller.sign("GetPersonTracking", {**page})
        raise ValueError(f"no such request: {name}")

    def _lay_out_next(self) -> None:
        """Put a video into the bucket that no job has seen: what was observed is kept."""
        with self._laying_out:
            shutil.copyfile(SAMPLE, self._bucket / f"{self._videos + 1}.mp4")
            self._videos += 1


def _video(key: str) -> dict[str, object]:
    return {"S3Object": {"Bucket": BUCKET, "Name": key}}


class _Connection:
    """One that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, url: str) -> "_Connection":
        """Connect to a server."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=2**20))

    async def answer(self, request: bytes) -> tuple[bool, bytes]:
        """Whether a request was granted, and the body of the answer."""
        self._writer.write(request)
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            body = await self._reader.readexactly(content_length(head))
        return head.startswith(b"HTTP/1.1 200"), body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
