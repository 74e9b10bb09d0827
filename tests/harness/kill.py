"""Strike the service at any moment, and see that nothing is lost.

    python -m tests.harness.kill --jobs 30 --kills 200 --seed 1

Its processes are killed, its disk is filled, its connections to the database are cut. A
real service in processes of its own, real clients, a real receiver of messages.
Everything is chosen by the seed but the moments, which are those of the machine.
"""

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args

from tests.postgresql import Server

from passerby.access.keys import AccessKey
from passerby.bootstrap.installation import Installation, open_installation
from passerby.settings import Settings, WebhookSettings

from . import verdict
from .blows import BACKEND, Blows
from .caller import BUCKET, Accepted, Caller
from .clips import KINDS, Kind, make
from .database import DatabaseKind, server_of, state_of, usual_kind
from .disk import full, small_disk
from .receiver import Receiver, receiving
from .service import Service, free_port, gone
from .verdict import Findings, Watch, wait_for

LOOK_SECONDS = 0.3
PATIENCE_SECONDS = 240.0  # longer than a message is left to whoever was killed with it
END_SECONDS = 15.0


@dataclass(frozen=True)
class Plan:
    """How bad it gets."""

    jobs: int = 30
    kills: int = 200
    fills: int = 10  # times that the disk is full
    crashes: int = 2  # of the database server, where there is one
    seed: int = 1
    pause_seconds: float = 3.0  # between two blows, on average
    fill_seconds: float = 4.0
    open_jobs: int = 3  # handed in ahead of the work
    kinds: tuple[Kind, ...] = KINDS
    database: DatabaseKind = field(default_factory=usual_kind)


@dataclass
class Story:
    """What happened."""

    accepted: list[Accepted] = field(default_factory=list)
    disturbed: int = 0  # of these, all but the first few
    kills: Counter[str] = field(default_factory=Counter)
    fills: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    compared_bytes: int = 0
    messages: int = 0
    findings: Findings = field(default_factory=Findings)


class Ordeal:
    """A service, what is done to it, and what it owes in return."""

    def __init__(
        self, plan: Plan, home: Path, settings: Settings, server: Server | None, *, can_fill: bool
    ) -> None:
        self.plan = plan
        self.story = Story()
        self._random = random.Random(plan.seed)  # noqa: S311 - chaos is no secret
        self._can_fill = can_fill
        self._settings = settings
        self._data = settings.data
        videos = settings.bucket_root / BUCKET
        videos.mkdir(parents=True)
        self.service = Service(settings, home)
        self._blows = Blows(self.service, server, self._random)
        self._caller = Caller(
            f"http://127.0.0.1:{settings.port}", _key(settings), videos, PATIENCE_SECONDS
        )
        self._originals = {kind: make(kind, home) for kind in plan.kinds}
        self._watch = Watch(settings.observations_folder)

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
            struck = self.story.kills.total()
            self.story.findings.expect(struck >= self.plan.kills, f"only {struck} kills")
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
        findings, installation = self.story.findings, open_installation(self._settings)
        with self.service.kept():
            statuses = {job: self._judge_answer(job, expected) for job in self.story.accepted}
            wait_for(partial(_all_told, installation, statuses), PATIENCE_SECONDS)
            running = self.service.processes()
        self.story.messages = sum(map(len, receiver.told.values()))
        for job, status in statuses.items():
            verdict.told(findings, receiver, self._data, job, status)
        findings.expect(self.service.exit_code == 0, f"the server's exit: {self.service.exit_code}")
        findings.expect(gone(running, END_SECONDS), "processes are left")
        verdict.rows(findings, installation.database, self.story.accepted)
        installation.database.close()
        succeeded = {job.job_id for job, status in statuses.items() if status == "SUCCEEDED"}
        url = self._settings.database_url
        verdict.files(findings, self._data, url, self.service.scratch, succeeded)
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
            answers = self._answers(job)
            self.story.compared_bytes += sum(map(len, answers))
            same = answers == expected[job.kind.name]
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
        story, plan = self.story, self.plan
        while story.kills.total() < plan.kills:
            if peace.wait(self._random.expovariate(1 / plan.pause_seconds)):
                return
            if self._is_ahead():
                continue
            part = self._blows.strike()
            if part:
                story.kills[part] += 1
            if self._can_fill and self._is_due(story.fills, plan.fills):
                self._fill()
            if self._is_due(story.kills[BACKEND], plan.crashes) and self._blows.kill_backend():
                story.kills[BACKEND] += 1

    def _is_ahead(self) -> bool:
        """Whether the jobs so far have had their share: a slow machine gets to the others, too."""
        return self.story.kills.total() * self.plan.jobs >= self.plan.kills * self.story.disturbed

    def _is_due(self, done: int, wanted: int) -> bool:
        """Whether it is time for what is to happen so often between all kills."""
        return self.story.kills.total() * (wanted + 1) > self.plan.kills * (done + 1)

    def _fill(self) -> None:
        self.story.fills += 1
        with full(self._data):
            time.sleep(self.plan.fill_seconds)


def endure(plan: Plan, home: Path) -> Story:
    """Carry a plan out in an empty folder; gives what happened."""
    data = home / "data"
    with ExitStack() as stack:
        can_fill = stack.enter_context(small_disk(data))
        server = stack.enter_context(server_of(plan.database))
        receiver = Receiver(data, state_of(data, server), plan.seed)
        hook = stack.enter_context(receiving(receiver))
        settings = _settings(data, home / "buckets", server.url if server else None, hook)
        ordeal = Ordeal(plan, home, settings, server, can_fill=can_fill)
        expected = ordeal.undisturbed()
        ordeal.disturbed()
        ordeal.judge(expected, receiver)
    return ordeal.story


def _all_told(installation: Installation, jobs: Iterable[Accepted]) -> bool:
    told = installation.outbox.deliveries(job.job_id for job in jobs)
    return all(delivery.settled_at for delivery in told.values())


def _settings(data: Path, buckets: Path, database_url: str | None, hook: str) -> Settings:
    return Settings(
        data=data,
        database=database_url,
        buckets=buckets,
        port=free_port(),
        processes=2,
        open_jobs=1_000_000,
        starts_per_second=0,
        gets_per_second=0,
        webhooks=(WebhookSettings(topics="*", url=hook, secret="told"),),
    )


def _key(settings: Settings) -> AccessKey:
    installation = open_installation(settings)
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
    parser.add_argument(
        "--database",
        choices=get_args(DatabaseKind),
        default=usual.database,
        help="PostgreSQL where it is installed, unless given",
    )
    chosen = parser.parse_args()
    # Leave in order, without the service and its disk.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("given up"))
    plan = Plan(
        jobs=chosen.jobs,
        kills=chosen.kills,
        fills=chosen.fills,
        seed=chosen.seed,
        pause_seconds=chosen.pause,
        database=chosen.database,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="passerby-kill-") as folder:
        story = endure(plan, Path(folder))
        if story.findings:
            print((Path(folder) / "service.log").read_text()[-20_000:], file=sys.stderr)
    print(f"{story.disturbed} jobs disturbed, {time.monotonic() - began:.0f} s")
    print(f"killed: {dict(story.kills)}; disk full: {story.fills} times")
    print(f"{story.compared_bytes:,} bytes compared; {story.messages} messages heard")
    for status, count in story.statuses.most_common():
        print(f"{count:4} {status}")
    print("\n".join(story.findings) or "nothing lost")
    sys.exit(bool(story.findings))


if __name__ == "__main__":
    main()
