"""Whether the server stays quick and small while the machine is busy with videos.

    make load                                   # 50 clients for ten minutes
    .venv/bin/python -m benchmarks.load --seconds 60 --niceness 0

Starts `passerby serve` with its worker and the rates it ships with, keeps `QUEUED` jobs
open for it to analyse, each of a new video, and lets clients ask as programs do, most of
them for results. Ends with 1 where an answer was neither what was asked for nor a
declared limit, where the server grew, or where the slowest Gets took too long.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.api_load import Signer, finished_job, server
from benchmarks.clients import BUCKET, MIX, Answers, Caller, Clients

from passerby.bootstrap.installation import Installation, open_installation
from passerby.clock import utc_now
from passerby.jobs.queue_stats import queue_stats
from passerby.settings import Settings

ACCOUNTS = 5  # 50 clients of one would meet its rate of 20 Gets a second, and little else
QUEUED = 20  # open jobs of all accounts
ROWS = 20_000  # of the result that is read: twenty long pages
WARM_UP_SECONDS = 3.0
GETS = [name for name in MIX if name.startswith("Get")]
LIMITS = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    }
)


@dataclass(frozen=True)
class Thresholds:
    """What counts as quick and small."""

    get_p99_ms: float = 100.0
    growth_mib: float = 16.0


@dataclass(frozen=True)
class Figures:
    """What happened to the requests, and to the server meanwhile."""

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
        """Percentile of the times of such requests; 0 where fewer than two were granted."""
        times = [each for name in names for each in self.answers.seconds.get(name, [])]
        return 1000 * statistics.quantiles(times, n=100)[percent - 1] if len(times) > 1 else 0.0

    def warnings(self, thresholds: Thresholds) -> list[str]:
        """What was not as it should be."""
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
    figures = measured(chosen.seconds, chosen.clients, chosen.niceness)
    print_table(figures)
    sys.exit("; ".join(figures.warnings(Thresholds())) or None)


def measured(seconds: float, clients: int, niceness: int) -> Figures:
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
            figures = asyncio.run(_under_load(asking, seconds, running.process_id, installation))
        installation.database.close()
    return figures


async def _under_load(
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
    """Time that the machine's processors have not been idle."""
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
