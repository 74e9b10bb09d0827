"""The harness `tests.harness.kill`, for half a minute: `make kill` goes on for longer."""

from pathlib import Path

from tests.harness.clips import KINDS
from tests.harness.kill import Plan, endure


def test_whatever_is_killed_nothing_is_lost(tmp_path: Path) -> None:
    plan = Plan(
        jobs=1,
        kills=4,
        fills=1,
        seed=7,
        pause_seconds=1.0,
        fill_seconds=2.0,
        open_jobs=1,
        kinds=KINDS[1:2],
    )

    story = endure(plan, tmp_path)

    assert story.findings == []
    assert story.kills.total() == plan.kills
    assert story.disturbed >= plan.jobs
