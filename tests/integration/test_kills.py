"""The harness `tests.harness.kill`, for a minute: `make kill` goes on for longer."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.harness.clips import KINDS
from tests.harness.fault_injector import BACKEND
from tests.harness.kill import Plan, run_chaos
from tests.postgresql import programs

SHORT = Plan(jobs=1, seed=7, pause_seconds=1.0, fill_seconds=2.0, open_jobs=1, kinds=KINDS[1:2])
IN_A_FILE = replace(SHORT, database="sqlite", kills=4, fills=1)
ON_A_SERVER = replace(SHORT, database="postgresql", kills=5, fills=0, crashes=1)

NO_SERVER = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")


@pytest.mark.parametrize(
    ("plan", "backends"),
    [
        pytest.param(IN_A_FILE, 0, id="SQLite"),
        pytest.param(ON_A_SERVER, 1, id="PostgreSQL", marks=NO_SERVER),
    ],
)
def test_whatever_is_killed_nothing_is_lost(tmp_path: Path, plan: Plan, backends: int) -> None:
    report = run_chaos(plan, tmp_path)

    assert report.findings == []
    assert report.kills.total() >= plan.kills
    assert report.kills[BACKEND] == backends
    assert report.disturbed >= plan.jobs
