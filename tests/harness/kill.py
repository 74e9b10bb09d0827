"""Kill any process of the service at any moment, fill its disk, and see that nothing is lost.

    python -m tests.harness.kill --jobs 30 --kills 200 --seed 1

A real service in processes of its own, real clients, a real receiver of messages.
Everything is chosen by the seed but the moments, which are those of the machine.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from passerby import assembly
from passerby.assembly import Installation
from passerby.jobs.keys import AccessKey
from passerby.settings import Settings, Webhook

from . import verdict
from .caller import BUCKET, Accepted, Caller
from .clips import KINDS, Kind, make
from .disk import full, small_disk
from .receiver import Receiver, receiving
from .service import Service, free_port, gone
from .verdict import Findings, Watch, wait_for

PARTS, WEIGHTS = ("shard", "worker", "api"), (5, 3, 2)
LOOK_SECONDS = 0.3
PART_SECONDS = 4.0  # longer than a worker that was killed stays away
PATIENCE_SECONDS = 240.0  # longer than a message is left to whoever was killed with it
END_SECONDS = 15.0


@dataclass(frozen=True)
class Plan:
    """How bad it gets."""

    jobs: int = 30
    kills: int = 200
    fills: int = 10  # times that the disk is full
    seed: int = 1
    pause_seconds: float = 3.0  # between two blows, on average
    fill_seconds: float = 4.0
    open_jobs: int = 3  # handed in ahead of the work
    kinds: tuple[Kind, ...] = KINDS


@dataclass
class Story:
    """What happened."""

    accepted: list[Accepted] = field(default_factory=list)
    disturbed: int = 0  # of these, all but the first few
    kills: Counter[str] = field(default_factory=Counter)
    fills: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)


class Ordeal:
    """A service, what is done to it, and what it owes in return."""

    def __init__(self, plan: Plan, home: Path, data: Path, *, can_fill: bool, hook: str) -> None:
        self.plan = plan
        self.story = Story()
        self._random = random.Random(plan.seed)  # noqa: S311 - chaos is no secret
        self._can_fill = can_fill
        self._data = data
        videos = home / "buckets" / BUCKET
        videos.mkdir(parents=True)
        self._settings = settings = _settings(data, home / "buckets", hook)
        self.service = Service(settings, home)
        self._caller = Caller(
            f"http://127.0.0.1:{settings.port}", _key(settings), videos, PATIENCE_SECONDS
        )
        self._originals = {kind: make(kind, home) for kind in plan.kinds}
        self._watch = Watch(data / "observations")

    def undisturbed(self) -> dict[str, tuple[bytes, ...]]:
        """What each kind of video answers where nobody disturbs."""
        with self.service.kept():
            jobs = [self._hand_in() for _ in self.plan.kinds]
            return {job.kind.name: self._answers(job) for job in jobs}

    def disturbed(self) -> None:
        """Hand in jobs and strike, until there were enough of both; then leave it in peace."""
        peace = threading.Event()
        striking = threading.Thread(target=self._strike_on, args=(peace,))
        with self.service.kept():
            striking.start()
            try:
                self._hand_in_on(striking)
            finally:
                peace.set()
                striking.join()
            for job in self.story.accepted:
                self._caller.ended(job.job_id)
            self._watch.look()

    def _hand_in_on(self, striking: threading.Thread) -> None:
        while striking.is_alive() or self.story.disturbed < self.plan.jobs:
            if self._open_jobs() < self.plan.open_jobs:
                self._hand_in()
                self.story.disturbed += 1
            self._watch.look()
            time.sleep(LOOK_SECONDS)

    def judge(self, expected: dict[str, tuple[bytes, ...]], receiver: Receiver) -> None:
        """Look at all that is there, while the service still runs, and after its end."""
        findings, installation = self.story.findings, assembly.open_installation(self._settings)
        with self.service.kept():
            statuses = {job: self._judge_answer(job, expected) for job in self.story.accepted}
            wait_for(partial(_all_told, installation, statuses), PATIENCE_SECONDS)
            running = self.service.processes()
        for job, status in statuses.items():
            verdict.told(findings, receiver, self._data, job, status)
        findings.expect(self.service.exit_code == 0, f"the server's exit: {self.service.exit_code}")
        findings.expect(gone(running, END_SECONDS), "processes are left")
        verdict.rows(findings, installation.database, self.story.accepted)
        installation.database.close()
        succeeded = {job.job_id for job, status in statuses.items() if status == "SUCCEEDED"}
        verdict.files(findings, self._data, self.service.scratch, succeeded)
        again = self._watch.made_again
        findings.expect(not again, f"shards that were finished and made again: {again}")

    def _judge_answer(self, job: Accepted, expected: dict[str, tuple[bytes, ...]]) -> str:
        answer = self._caller.ended(job.job_id)
        status: str = answer["JobStatus"]
        message: str = answer.get("StatusMessage", "")
        findings = self.story.findings
        self.story.statuses[f"{status} {message}".strip()] += 1
        findings.expect(status != "IN_PROGRESS", f"{job.token} never ended")
        if status == "FAILED":
            findings.expect(message, f"{job.token} failed without a reason")
            findings.expect("Internal error" not in message, f"{job.token}: {message}")
        if status == "SUCCEEDED":
            same = self._answers(job) == expected[job.kind.name]
            findings.expect(same, f"{job.token} answers something else than undisturbed")
        return status

    def _answers(self, job: Accepted) -> tuple[bytes, ...]:
        self._caller.ended(job.job_id)
        return verdict.answers(self._data, self._caller, job.job_id)

    def _hand_in(self) -> Accepted:
        number = len(self.story.accepted)
        kind = self.plan.kinds[number % len(self.plan.kinds)]
        job = self._caller.start(kind, self._originals[kind], number)
        self.story.accepted.append(job)
        return job

    def _open_jobs(self) -> int:
        recent = self.story.accepted[-self.plan.open_jobs :]
        statuses = [self._caller.status(job.job_id)["JobStatus"] for job in recent]
        return statuses.count("IN_PROGRESS")

    def _strike_on(self, peace: threading.Event) -> None:
        fill_after = self.plan.kills / (self.plan.fills + 1)
        while self.story.kills.total() < self.plan.kills:
            if peace.wait(self._random.expovariate(1 / self.plan.pause_seconds)):
                return
            self._kill()
            if self._can_fill and self.story.kills.total() > fill_after * (self.story.fills + 1):
                self._fill()

    def _kill(self) -> None:
        """Kill a process of some part, or of the next one if it has none for a while."""
        first = self._random.choices(PARTS, WEIGHTS)[0]
        wait_for(lambda: bool(self.service.victims(first)), PART_SECONDS)
        for part in PARTS[PARTS.index(first) :]:
            victims = self.service.victims(part)
            if victims:
                with suppress(ProcessLookupError):  # it ended by itself
                    os.kill(self._random.choice(victims), signal.SIGKILL)
                    self.story.kills[part] += 1
                return

    def _fill(self) -> None:
        self.story.fills += 1
        with full(self._data):
            time.sleep(self.plan.fill_seconds)


def endure(plan: Plan, home: Path) -> Story:
    """Carry a plan out in an empty folder; gives what happened."""
    data = home / "data"
    with ExitStack() as stack:
        can_fill = stack.enter_context(small_disk(data))
        receiver = Receiver(data, plan.seed)
        hook = stack.enter_context(receiving(receiver))
        ordeal = Ordeal(plan, home, data, can_fill=can_fill, hook=hook)
        expected = ordeal.undisturbed()
        ordeal.disturbed()
        ordeal.judge(expected, receiver)
    return ordeal.story


def _all_told(installation: Installation, jobs: Iterable[Accepted]) -> bool:
    told = installation.outbox.deliveries(job.job_id for job in jobs)
    return all(delivery.settled_at for delivery in told.values())


def _settings(data: Path, buckets: Path, hook: str) -> Settings:
    return Settings(
        data=data,
        buckets=buckets,
        port=free_port(),
        processes=2,
        open_jobs=1_000_000,
        starts_per_second=0,
        gets_per_second=0,
        webhooks=(Webhook(topics="*", url=hook, secret="told"),),
    )


def _key(settings: Settings) -> AccessKey:
    installation = assembly.open_installation(settings)
    key = installation.keys.create()
    installation.database.close()
    return key


def main() -> None:
    """Read the command line, carry it out, say what happened; exits with 1 on any finding."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.harness.kill")
    usual = Plan()
    parser.add_argument("--jobs", type=int, default=usual.jobs)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--fills", type=int, default=usual.fills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--pause", type=float, default=usual.pause_seconds)
    chosen = parser.parse_args()
    # Leave in order, without the service and its disk.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("given up"))
    plan = Plan(chosen.jobs, chosen.kills, chosen.fills, chosen.seed, chosen.pause)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="passerby-kill-") as folder:
        story = endure(plan, Path(folder))
        if story.findings:
            print((Path(folder) / "service.log").read_text()[-20_000:], file=sys.stderr)
    print(f"{story.disturbed} jobs disturbed, {time.monotonic() - began:.0f} s")
    print(f"killed: {dict(story.kills)}; disk full: {story.fills} times")
    for status, count in story.statuses.most_common():
        print(f"{count:4} {status}")
    print("\n".join(story.findings) or "nothing lost")
    sys.exit(bool(story.findings))


if __name__ == "__main__":
    main()
