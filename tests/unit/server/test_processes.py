import logging
import os
import sys
from pathlib import Path

import pytest
from tests.waiting import wait_until

from passerby.server import processes
from passerby.server.processes import ChildProgram, running_child

# Appends its process id to a file; then ends at once, or stays until it is asked to end.
CHILD = """
import os, signal, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as starts:
    print(os.getpid(), os.environ["MARK"], file=starts)
if sys.argv[2] == "brief":
    sys.exit(7)
time.sleep(600)
"""


def child(starts: Path, kind: str) -> ChildProgram:
    command = [sys.executable, "-c", CHILD, str(starts), kind]
    return ChildProgram("child", command, {**os.environ, "MARK": kind})


def started(starts: Path) -> list[tuple[int, str]]:
    """Process id and mark of each start so far."""
    lines = starts.read_text().splitlines() if starts.exists() else []
    return [(int(process_id), mark) for process_id, mark in map(str.split, lines)]


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_runs_as_long_as_the_block_in_a_process_group_of_its_own(tmp_path: Path) -> None:
    with running_child(child(tmp_path / "starts", "patient")):
        wait_until(lambda: len(started(tmp_path / "starts")) == 1)
        ((process_id, mark),) = started(tmp_path / "starts")
        assert mark == "patient"
        assert is_alive(process_id)
        assert os.getpgid(process_id) == process_id

    assert not is_alive(process_id)
    assert len(started(tmp_path / "starts")) == 1


def test_it_is_started_again_when_it_ends_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_child(child(tmp_path / "starts", "brief"), restart_seconds=0.01):
        wait_until(lambda: len(started(tmp_path / "starts")) >= 3)

    assert len({process_id for process_id, _ in started(tmp_path / "starts")}) >= 3
    assert "the child ended by itself (7)" in caplog.messages
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.1)

    with running_child(child(tmp_path / "starts", "stubborn")):
        wait_until(lambda: len(started(tmp_path / "starts")) == 1)
        ((process_id, _),) = started(tmp_path / "starts")

    assert not is_alive(process_id)
