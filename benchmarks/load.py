"""Check that the server stays quick and small while the machine is busy with videos.

    make load                                   # 50 clients for ten minutes
    .venv/bin/python -m benchmarks.load --seconds 60 --niceness 0

Starts `passerby serve` with its worker and the rates it ships with, keeps `QUEUED` jobs
open for it to analyse, each of a new video, and lets clients ask as programs do, most of
them for results. Ends with 1 where an answer was neither what was asked for nor a
declared limit, where the server grew, or where the slowest Gets took too long.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine
from benchmarks.api_load import BUCKET, Connection, Signer, finished_job, server
from benchmarks.footage import SAMPLE

from passerby.bootstrap.installation import Installation, open_installation
from passerby.clock import utc_now
from passerby.jobs.queue_stats import queue_stats
from passerby.settings import Settings

ACCOUNTS = 5  # 50 clients of one would meet its rate of 20 Gets a second, and little else
QUEUED = 20  # open jobs of all accounts
ROWS = 20_000  # of the result that is read: twenty long pages
WARM_UP_SECONDS = 3.0
SAME_VIDEO = "again.mp4"
PAUSE_SECONDS = 0.5  # of a client between two requests, on average
PATIENCE_SECONDS = 30.0
# What is asked, and how often of a hundred times.
MIX = {"Start": 5, "Start again": 5, "Get status": 45, "Get 1000": 25, "Get 10": 20}
GETS = [name for name in MIX if name.startswith("Get")]
LIMITS = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    }
)


@dataclass(frozen=True)
class Caller:
    """An account: how its requests are signed, and which of its results is read."""

    sign: Signer
    finished: str  # id of a job


@dataclass
class Answers:
    """Codes and times of the answers."""

    codes: Counter[tuple[str, str]] = field(default_factory=Counter)  # by request and code
    seconds: dict[str, list[float]] = field(default_factory=dict)  # of what was granted


class Clients:
    """So many clients, dealt out to the callers; each asks over a connection of its own.

    A new video is put into the folder `bucket` for each job.
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
            connection = await Connection.open(self._url)
            for _ in range(jobs):
                await connection.answer(self._request("Start", caller, "", 0))
                self._lay_out_next()
            connection.close()

    async def ask(self, seconds: float) -> Answers:
        """Let every client ask for so many seconds."""
        found = Answers()
        until = time.perf_counter() + seconds
        clients = (self._client(number, until, found) for number in range(self._count))
        await asyncio.gather(*clients)
        return found

    async def _client(self, number: int, until: float, found: Answers) -> None:
        caller = self._callers[number % len(self._callers)]
        draw = random.Random(number)  # noqa: S311 - no secret
        connection = await Connection.open(self._url)
        job = caller.finished
        while time.perf_counter() < until:
            await asyncio.sleep(draw.expovariate(1 / PAUSE_SECONDS))
            (name,) = draw.choices(list(MIX), list(MIX.values()))
            request = self._request(name, caller, job, number)
            began = time.perf_counter()
            async with asyncio.timeout(PATIENCE_SECONDS):
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


@dataclass(frozen=True)
class Thresholds:
    """Limits of what counts as quick and small."""

    get_p99_ms: float = 100.0
    growth_mib: float = 16.0


@dataclass(frozen=True)
class Figures:
    """Figures of the requests, and of the server meanwhile."""

    answers: Answers
    resident_mib: Sequence[float]  # memory of the server, once a second
    busy: float  # share of the machine's processor time, in [0, 1]
    jobs: Mapping[str, int]  # by state, at the end

    @property
    def errors(self) -> dict[tuple[str, str], int]:
        """Answers that were neither asked for nor limits, by request and code."""
        fine = LIMITS | {"OK"}
        return {name: n for name, n in self.answers.codes.items() if name[1] not in fine}

    @property
    def analysed(self) -> int:
        """Jobs that succeeded, beside those whose results are read."""
        return self.jobs["succeeded"] - ACCOUNTS

    @property
    def growth_mib(self) -> float:
        """Memory in the last third of the time over that in the first, medians."""
        third = max(1, len(self.resident_mib) // 3)
        first, last = self.resident_mib[:third], self.resident_mib[-third:]
        return statistics.median(last) - statistics.median(first)

    def milliseconds(self, names: Collection[str], percent: int) -> float:
        """Return a percentile of such requests' times; 0 where fewer than two were granted."""
        times = [each for name in names for each in self.answers.seconds.get(name, [])]
        return 1000 * statistics.quantiles(times, n=100)[percent - 1] if len(times) > 1 else 0.0

    def warnings(self, thresholds: Thresholds) -> list[str]:
        """List what was not as it should be."""
        found = [f"{count} times {code} to {name}" for (name, code), count in self.errors.items()]
        if self.growth_mib > thresholds.growth_mib:
            found.append(f"the server grew by {self.growth_mib:.1f} MiB")
        slowest = self.milliseconds(GETS, 99)
        if slowest > thresholds.get_p99_ms:
            found.append(f"the 99th percentile of Get is {slowest:.0f} ms")
        return found


def main() -> None:
    """Print the figures as Markdown; end with 1 where something was not as it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--niceness", type=int, default=Settings().worker_niceness)
    chosen = parser.parse_args()
    print(f"{machine.description()}\n- {chosen.clients} clients, {chosen.seconds:g} s, ", end="")
    print(f"worker_niceness {chosen.niceness}\n", flush=True)
    figures = measure_load(chosen.seconds, chosen.clients, chosen.niceness)
    print_table(figures)
    sys.exit("; ".join(figures.warnings(Thresholds())) or None)


def measure_load(seconds: float, clients: int, niceness: int) -> Figures:
    """Start everything in a new folder, and let the clients ask."""
    with tempfile.TemporaryDirectory(prefix="passerby-load-") as folder:
        settings = Settings(data=Path(folder))
        bucket = settings.bucket_root / BUCKET
        bucket.mkdir(parents=True)
        installation = open_installation(settings)
        keys = [installation.keys.create(f"{number:012d}") for number in range(ACCOUNTS)]
        finished = [finished_job(installation, key, ROWS) for key in keys]
        limits = {"OPEN_JOBS": QUEUED // ACCOUNTS, "WORKER_NICENESS": niceness}
        with server(settings.data, (), limits) as running:
            signers = (Signer(running.url, key) for key in keys)
            callers = [Caller(sign, job) for sign, job in zip(signers, finished, strict=True)]
            asking = Clients(running.url, bucket, callers, clients)
            figures = asyncio.run(
                _ask_under_load(asking, seconds, running.process_id, installation)
            )
        installation.database.close()
    return figures


async def _ask_under_load(
    clients: Clients, seconds: float, process_id: int, installation: Installation
) -> Figures:
    await clients.start(QUEUED // ACCOUNTS)
    await clients.ask(WARM_UP_SECONDS)
    resident: list[float] = []
    watch = asyncio.create_task(_watch(process_id, resident))
    began, spent = time.perf_counter(), _processor_seconds()
    answers = await clients.ask(seconds)
    capacity = (time.perf_counter() - began) * (os.cpu_count() or 1)
    watch.cancel()
    return Figures(
        answers,
        resident,
        (_processor_seconds() - spent) / capacity,
        queue_stats(installation.database, utc_now()).jobs,
    )


async def _watch(process_id: int, resident_mib: list[float]) -> None:
    while True:
        resident_mib.append(_resident_mib(process_id))
        await asyncio.sleep(1)


def _resident_mib(process_id: int) -> float:
    numbers = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()
    return int(numbers[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _processor_seconds() -> float:
    """Read the time that the machine's processors have not been idle."""
    line = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    user, nice, system, _idle, _waiting, *others = map(int, line.split()[1:9])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


def print_table(figures: Figures) -> None:
    """Print a line a request, and what became of the server."""
    codes = figures.answers.codes
    print("| | granted | at a limit | p50 | p99 ms |")
    print("|---|---:|---:|---:|---:|")
    for title, names in {**{name: [name] for name in MIX}, "all Gets": GETS}.items():
        granted = sum(codes[name, "OK"] for name in names)
        limited = sum(codes[name, code] for name in names for code in LIMITS)
        p50, p99 = (f"{figures.milliseconds(names, percent):.1f}" for percent in (50, 99))
        print(f"| {title} | {granted:,} | {limited:,} | {p50} | {p99} |")
    print(
        f"\n{sum(figures.errors.values())} errors; server {figures.resident_mib[-1]:.1f} MiB, "
        f"{figures.growth_mib:+.1f} from the first third to the last; {figures.analysed} jobs "
        f"analysed, {figures.jobs['queued']} queued; processors {figures.busy:.0%} busy, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    minutes = " ".join(f"{mib:.0f}" for mib in figures.resident_mib[::60])
    print(f"server, MiB, a figure a minute: {minutes}")


if __name__ == "__main__":
    main()
