import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from passerby.engine.local import KEPT, Processes
from passerby.errors import EngineError, UnsupportedVideo
from passerby.processes.limits import Limits


def unseen(_number: int, _fraction: float) -> None:
    pass


def never() -> bool:
    return False


@pytest.fixture
def processes() -> Iterator[Processes]:
    limits = Limits(memory_bytes=400 * 1024**2, stall_seconds=1.5)
    kept = Processes(limits)
    yield kept
    kept.close()


def children() -> set[int]:
    """Processes that this one started and that have not ended; one of them is not ours."""
    tasks = Path("/proc/self/task").iterdir()
    found = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    return {
        child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    }


def test_a_shard_that_is_alone_has_a_process_of_its_own(
    processes: Processes, work: ModuleType
) -> None:
    (pid,) = processes.run(work.own_process, [1], 4, unseen, never)

    assert pid != os.getpid()


def test_processes_stay_for_the_next_run(processes: Processes, work: ModuleType) -> None:
    planned = processes.call(work.plan_something, lambda: None)
    first = processes.run(work.own_process, [1], 1, unseen, never)
    second = processes.run(work.own_process, [1, 2], 1, unseen, never)

    assert {planned} == {*first} == {*second}


def test_not_all_processes_stay(processes: Processes, work: ModuleType) -> None:
    before = children()

    processes.run(work.own_process, range(2 * KEPT + 2), KEPT + 1, unseen, never)

    assert len(children() - before) == KEPT
    processes.close()
    assert children() == before


def test_after_an_error_the_next_run_works(processes: Processes, work: ModuleType) -> None:
    with pytest.raises(UnsupportedVideo):
        processes.run(work.refuse_zero, [0], 1, unseen, never)

    assert processes.run(work.double, [4], 1, unseen, never) == [8]


def test_a_process_that_died_idle_is_replaced(processes: Processes, work: ModuleType) -> None:
    (pid,) = processes.run(work.own_process, [1], 1, unseen, never)
    os.kill(pid, 9)

    assert processes.run(work.double, [4], 1, unseen, never) == [8]


def test_a_crash_costs_one_run(processes: Processes, work: ModuleType) -> None:
    sentence = r"^The analysis of shard 0 of the video was killed 3 times \(SIGSEGV\)\.$"
    with pytest.raises(EngineError, match=sentence):
        processes.run(work.crash, [0], 1, unseen, never)

    assert processes.run(work.double, [4], 1, unseen, never) == [8]


def test_what_stands_still_is_ended(processes: Processes, work: ModuleType) -> None:
    began = time.monotonic()

    with pytest.raises(EngineError, match=r"shard 0 of the video made no progress for 1\.5 s"):
        processes.run(work.stand_still, [0], 1, unseen, never)

    # 0.5 s with progress, then 1.5 s without.
    assert 2.0 < time.monotonic() - began < 5.0


def test_memory_is_limited(processes: Processes, work: ModuleType) -> None:
    assert processes.run(work.take_memory, [100], 1, unseen, never) == [100 * 1024**2]
    with pytest.raises(EngineError, match="took more than 400 MiB of memory"):
        processes.run(work.take_memory, [1000], 1, unseen, never)


def test_a_call_can_be_given_up(processes: Processes, work: ModuleType) -> None:
    ticks: list[float] = []

    def refuse_the_third() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 3:
            raise KeyError

    with pytest.raises(KeyError):
        processes.call(work.plan_something, refuse_the_third)

    assert ticks[-1] - ticks[0] < 0.5


def test_an_error_that_cannot_be_sent_is_told_in_words(
    processes: Processes, work: ModuleType
) -> None:
    with pytest.raises(RuntimeError, match="refuse_with_a_lambda"):
        processes.run(work.refuse_with_a_lambda, [0], 1, unseen, never)
