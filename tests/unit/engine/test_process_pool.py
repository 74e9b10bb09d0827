import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from passerby.engine.local import KEPT, ProcessPool
from passerby.errors import EngineError, UnsupportedVideo
from passerby.processes.limits import Limits

MEMORY = Limits(memory_bytes=400 * 1024**2)
STALL = Limits(stall_seconds=300)


def unseen(_number: int, _fraction: float) -> None:
    pass


@contextmanager
def pool_of(limits: Limits) -> Iterator[ProcessPool]:
    pool = ProcessPool(limits)
    yield pool
    pool.close()


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    with pool_of(MEMORY) as pool:
        yield pool


class Clock:
    """Stands in for the module `time`: moves only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which it is judged whether a process makes progress."""
    clock = Clock()
    monkeypatch.setattr("passerby.engine.process.time", clock)
    return clock


def children() -> set[int]:
    """Processes that this one started and that have not ended; one of them is not ours."""
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if is_child(path)}


def is_child(path: Path) -> bool:
    """Whether a folder of /proc is that of a process that this one spawned."""
    try:
        parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
        return int(parent) == os.getpid() and b"spawn_main" in (path / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return False


def test_a_shard_that_is_alone_has_a_process_of_its_own(
    pool: ProcessPool, work: ModuleType
) -> None:
    (pid,) = pool.map(work.own_process, [1], 4, unseen)

    assert pid != os.getpid()


def test_processes_stay_for_the_next_run(pool: ProcessPool, work: ModuleType) -> None:
    planned = pool.call(work.plan_something, lambda: None)
    first = pool.map(work.own_process, [1], 1, unseen)
    second = pool.map(work.own_process, [1, 2], 1, unseen)

    assert {planned} == {*first} == {*second}


def test_not_all_processes_stay(pool: ProcessPool, work: ModuleType) -> None:
    before = children()

    pool.map(work.own_process, range(2 * KEPT + 2), KEPT + 1, unseen)

    assert len(children() - before) == KEPT
    pool.close()
    assert children() == before


def test_after_an_error_the_next_run_works(pool: ProcessPool, work: ModuleType) -> None:
    with pytest.raises(UnsupportedVideo):
        pool.map(work.refuse_zero, [0], 1, unseen)

    assert pool.map(work.double, [4], 1, unseen) == [8]


def test_a_process_that_died_idle_is_replaced(pool: ProcessPool, work: ModuleType) -> None:
    (pid,) = pool.map(work.own_process, [1], 1, unseen)
    os.kill(pid, 9)

    assert pool.map(work.double, [4], 1, unseen) == [8]


def test_a_crash_costs_one_run(pool: ProcessPool, work: ModuleType) -> None:
    sentence = r"^The analysis of shard 0 of the video was killed 3 times \(SIGSEGV\)\.$"
    with pytest.raises(EngineError, match=sentence):
        pool.map(work.crash, [0], 1, unseen)

    assert pool.map(work.double, [4], 1, unseen) == [8]


def test_a_process_that_stands_still_is_ended(work: ModuleType, clock: Clock) -> None:
    def a_while_passes(_number: int, fraction: float) -> None:
        if fraction:  # it has reported once and does not again
            clock.seconds += 100

    sentence = r"shard 0 of the video made no progress for 300 s"
    with pool_of(STALL) as pool, pytest.raises(EngineError, match=sentence):
        pool.map(work.stand_still, [0], 1, a_while_passes)

    # At 100 s its report was heard; from then on there was none.
    assert clock.seconds >= 500


def test_a_process_that_reports_may_take_as_long_as_it_likes(
    work: ModuleType, tmp_path: Path, clock: Clock
) -> None:
    heard: set[float] = set()

    def a_while_passes(_number: int, fraction: float) -> None:
        if fraction and fraction not in heard:
            heard.add(fraction)
            clock.seconds += 200
            (tmp_path / str(fraction)).touch()  # it may go on

    with pool_of(STALL) as pool:
        assert pool.map(work.report_step_by_step, [tmp_path], 1, a_while_passes) == ["done"]

    assert clock.seconds >= 600


def test_memory_within_the_limit(pool: ProcessPool, work: ModuleType, tmp_path: Path) -> None:
    looks: list[float] = []

    def let_go_after_two_looks(_number: int, fraction: float) -> None:
        looks.extend([fraction] if fraction else [])
        if len(looks) == 2:
            (tmp_path / "enough").touch()

    held = pool.map(work.hold_memory, [(100, tmp_path / "enough")], 1, let_go_after_two_looks)

    assert held == [100 * 1024**2]


def test_memory_is_limited(pool: ProcessPool, work: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="took more than 400 MiB of memory"):
        pool.map(work.hold_memory, [(1000, tmp_path / "never")], 1, unseen)


def test_a_call_can_be_given_up(pool: ProcessPool, work: ModuleType) -> None:
    ticks: list[int] = []

    def refuse_the_third() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            raise KeyError

    with pytest.raises(KeyError):
        pool.call(work.plan_for_ever, refuse_the_third)

    assert len(ticks) == 3


def test_an_error_that_cannot_be_sent_arrives_in_words(pool: ProcessPool, work: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="refuse_with_a_lambda"):
        pool.map(work.refuse_with_a_lambda, [0], 1, unseen)
