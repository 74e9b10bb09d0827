"""Inject faults into the service at any moment, and check that nothing is lost.

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
from tests.waiting import is_true_within

from passerby.access.keys import AccessKey
from passerby.bootstrap.installation import Installation, open_installation
from passerby.settings import Settings, WebhookSettings

from . import checks
from .checks import Findings, ShardFileWatch
from .client import BUCKET, AcceptedJob, RetryingClient
from .clips import KINDS, ClipKind, make_clip
from .database import DatabaseKind, server_of, state_of, usual_kind
from .disk import full, small_disk
from .fault_injector import BACKEND, FaultInjector
from .service import SupervisedService, end_within, free_port
from .webhook_receiver import WebhookReceiver, receiving

LOOK_SECONDS = 0.3
PATIENCE_SECONDS = 900.0  # longer than a message is left to whoever was killed with it


@dataclass(frozen=True)
class Plan:
    """How many jobs there are, and how many faults."""

    jobs: int = 30
    kills: int = 200
    fills: int = 10  # times that the disk is full
    crashes: int = 2  # of the database server, where there is one
    seed: int = 1
    pause_seconds: float = 3.0  # between two faults, on average
    fill_seconds: float = 4.0
    open_jobs: int = 3  # handed in ahead of the work
    kinds: tuple[ClipKind, ...] = KINDS
    database: DatabaseKind = field(default_factory=usual_kind)


@dataclass
class ChaosReport:
    """What happened in a run."""

    accepted: list[AcceptedJob] = field(default_factory=list)
    disturbed: int = 0  # of these, all but the first few
    kills: Counter[str] = field(default_factory=Counter)
    fills: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    compared_bytes: int = 0
    messages: int = 0
    findings: Findings = field(default_factory=Findings)


class ChaosRun:
    """One run of the service under faults, and the checks of what it leaves."""

    def __init__(
        self, plan: Plan, home: Path, settings: Settings, server: Server | None, *, can_fill: bool
    ) -> None:
        self.plan = plan
        self.report = ChaosReport()
        self._random = random.Random(plan.seed)  # noqa: S311 - chaos is no secret
        self._can_fill = can_fill
        self._settings = settings
        self._data = settings.data
        videos = settings.bucket_root / BUCKET
        videos.mkdir(parents=True)
        self.service = SupervisedService(settings, home)
        self._faults = FaultInjector(self.service, server, self._random)
        self._client = RetryingClient(
            f"http://127.0.0.1:{settings.port}", _key(settings), videos, PATIENCE_SECONDS
        )
        self._originals = {kind: make_clip(kind, home) for kind in plan.kinds}
        self._watch = ShardFileWatch(settings.observations_folder)

    def run_undisturbed(self) -> dict[str, tuple[bytes, ...]]:
        """Run a job of each kind of video without faults; give what each answers."""
        with self.service.running():
            jobs = [self._submit() for _ in self.plan.kinds]
            return {job.kind.name: self._answers(job) for job in jobs}

    def run_disturbed(self) -> None:
        """Submit jobs and inject faults until there were enough of both; then let all jobs end."""
        over = threading.Event()
        injecting = threading.Thread(target=self._inject_faults, args=(over,))
        with self.service.running():
            injecting.start()
            try:
                self._submit_until_over(injecting)
            finally:
                over.set()
                injecting.join()
            killed = self.report.kills.total()
            self.report.findings.expect(killed >= self.plan.kills, f"only {killed} kills")
            for job in self.report.accepted:
                self._client.wait_for_end(job.job_id)
            self._watch.look()

    def _submit_until_over(self, injecting: threading.Thread) -> None:
        while injecting.is_alive() or self.report.disturbed < self.plan.jobs:
            if self._open_jobs() < self.plan.open_jobs:
                self._submit()
                self.report.disturbed += 1
            self._watch.look()
            time.sleep(LOOK_SECONDS)

    def judge(self, expected: dict[str, tuple[bytes, ...]], receiver: WebhookReceiver) -> None:
        """Check all that is there, while the service still runs and after its end."""
        findings, installation = self.report.findings, open_installation(self._settings)
        with self.service.running():
            statuses = {job: self._judge_answer(job, expected) for job in self.report.accepted}
            is_true_within(partial(_all_delivered, installation, statuses), PATIENCE_SECONDS)
            running = self.service.processes()
        self.report.messages = sum(map(len, receiver.heard.values()))
        for job, status in statuses.items():
            checks.check_messages(findings, receiver, self._data, job, status)
        findings.expect(self.service.exit_code == 0, f"the server's exit: {self.service.exit_code}")
        findings.expect(end_within(running, PATIENCE_SECONDS), "processes are left")
        checks.check_database(findings, installation.database, self.report.accepted)
        installation.database.close()
        succeeded = {job.job_id for job, status in statuses.items() if status == "SUCCEEDED"}
        url = self._settings.database_url
        checks.check_files(findings, self._data, url, self.service.scratch, succeeded)
        again = self._watch.made_again
        findings.expect(not again, f"shards that were finished and made again: {again}")

    def _judge_answer(self, job: AcceptedJob, expected: dict[str, tuple[bytes, ...]]) -> str:
        answer = self._client.wait_for_end(job.job_id)
        status: str = answer["JobStatus"]
        message: str = answer.get("StatusMessage", "")
        findings = self.report.findings
        self.report.statuses[f"{status} {message}".strip()] += 1
        findings.expect(status != "IN_PROGRESS", f"{job.token} never ended")
        if status == "FAILED":
            findings.expect(message, f"{job.token} failed without a reason")
            findings.expect("Internal error" not in message, f"{job.token}: {message}")
        if status == "SUCCEEDED":
            answers = self._answers(job)
            self.report.compared_bytes += sum(map(len, answers))
            same = answers == expected[job.kind.name]
            findings.expect(same, f"{job.token} answers something else than undisturbed")
        return status

    def _answers(self, job: AcceptedJob) -> tuple[bytes, ...]:
        self._client.wait_for_end(job.job_id)
        return checks.all_answers(self._data, self._client, job.job_id)

    def _submit(self) -> AcceptedJob:
        number = len(self.report.accepted)
        kind = self.plan.kinds[number % len(self.plan.kinds)]
        job = self._client.start(kind, self._originals[kind], number)
        self.report.accepted.append(job)
        return job

    def _open_jobs(self) -> int:
        recent = self.report.accepted[-self.plan.open_jobs :]
        statuses = [self._client.status(job.job_id)["JobStatus"] for job in recent]
        return statuses.count("IN_PROGRESS")

    def _inject_faults(self, over: threading.Event) -> None:
        report, plan = self.report, self.plan
        while report.kills.total() < plan.kills:
            if over.wait(self._random.expovariate(1 / plan.pause_seconds)):
                return
            if self._is_ahead():
                continue
            part = self._faults.inject()
            if part:
                report.kills[part] += 1
            if self._can_fill and self._is_due(report.fills, plan.fills):
                self._fill()
            if self._is_due(report.kills[BACKEND], plan.crashes) and self._faults.kill_backend():
                report.kills[BACKEND] += 1

    def _is_ahead(self) -> bool:
        """Whether the jobs so far have had their share: a slow machine gets to the others, too."""
        return self.report.kills.total() * self.plan.jobs >= self.plan.kills * self.report.disturbed

    def _is_due(self, done: int, wanted: int) -> bool:
        """Whether it is time for what is to happen so often between all kills."""
        return self.report.kills.total() * (wanted + 1) > self.plan.kills * (done + 1)

    def _fill(self) -> None:
        self.report.fills += 1
        with full(self._data):
            time.sleep(self.plan.fill_seconds)


def run_chaos(plan: Plan, home: Path) -> ChaosReport:
    """Carry out a plan in an empty folder; give what happened."""
    data = home / "data"
    with ExitStack() as stack:
        can_fill = stack.enter_context(small_disk(data))
        server = stack.enter_context(server_of(plan.database))
        receiver = WebhookReceiver(data, state_of(data, server), plan.seed)
        hook = stack.enter_context(receiving(receiver))
        settings = _settings(data, home / "buckets", server.url if server else None, hook)
        chaos = ChaosRun(plan, home, settings, server, can_fill=can_fill)
        expected = chaos.run_undisturbed()
        chaos.run_disturbed()
        chaos.judge(expected, receiver)
    return chaos.report


def _all_delivered(installation: Installation, jobs: Iterable[AcceptedJob]) -> bool:
    told = installation.outbox.deliveries(job.job_id for job in jobs)
    return all(delivery.settled_at for delivery in told.values())


def _settings(data: Path, buckets: Path, database_url: str | None, hook: str) -> Settings:
    return Settings(
        data=data,
        database=database_url,
        buckets=buckets,
        port=free_port(),
        processes=2,
        worker_niceness=0,
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
    """Read the command line, carry it out, print what happened; exit with 1 on any finding."""
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
        report = run_chaos(plan, Path(folder))
        if report.findings:
            print((Path(folder) / "service.log").read_text()[-20_000:], file=sys.stderr)
    print(f"{report.disturbed} jobs disturbed, {time.monotonic() - began:.0f} s")
    print(f"killed: {dict(report.kills)}; disk full: {report.fills} times")
    print(f"{report.compared_bytes:,} bytes compared; {report.messages} messages heard")
    for status, count in report.statuses.most_common():
        print(f"{count:4} {status}")
    print("\n".join(report.findings) or "nothing lost")
    sys.exit(bool(report.findings))


if __name__ == "__main__":
    main()
