import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
from tests.waiting import wait_until

from passerby import errors
from passerby.engine.local import ItemCallback, LocalExecutor, ProcessPool, Task, map_here
from passerby.errors import EngineError, JobCancelled, PasserbyError, UnsupportedVideo

T = TypeVar("T")
R = TypeVar("R")


def unseen(_number: int, _fraction: float) -> None:
    pass


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def every_error() -> list[type[PasserbyError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_can_come_from_another_process(kind: type[PasserbyError]) -> None:
    for error in (kind(), kind("the reason")):
        arrived = pickle.loads(pickle.dumps(error))  # noqa: S301

        assert type(arrived) is kind
        assert str(arrived) == str(error)


@pytest.mark.parametrize("workers", [1, 4])
def test_no_shards(work: ModuleType, workers: int) -> None:
    assert LocalExecutor(workers).map(work.double, [], unseen) == []


@pytest.mark.parametrize(
    ("shards", "workers"),
    [
        pytest.param([3], 4, id="one shard"),
        pytest.param([3, 1, 2], 1, id="one worker"),
    ],
)
def test_little_work_is_done_in_this_process(
    work: ModuleType, shards: list[int], workers: int
) -> None:
    assert LocalExecutor(workers).map(work.own_process, shards, unseen) == [os.getpid()] * len(
        shards
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_shards(work: ModuleType, workers: int) -> None:
    seen: dict[int, list[float]] = {number: [] for number in range(5)}

    results = LocalExecutor(workers).map(
        work.double, [5, 3, 1, 4, 2], lambda n, done: seen[n].append(done)
    )

    assert results == [10, 6, 2, 8, 4]
    for fractions in seen.values():
        assert fractions == sorted(fractions)
        assert set(fractions) <= {0.0, 0.5, 1.0}
        assert fractions[-1] == 1.0


def test_shards_run_in_several_processes(work: ModuleType) -> None:
    pids = set(LocalExecutor(2).map(work.own_process, range(4), unseen))

    assert len(pids) == 2
    assert os.getpid() not in pids
    assert not any(map(alive, pids))


def test_a_killed_process_costs_nothing_but_time(work: ModuleType, tmp_path: Path) -> None:
    shards = [tmp_path / name for name in "abc"]
    (tmp_path / "a").touch()
    (tmp_path / "c").touch()

    assert LocalExecutor(2).map(work.die_the_first_time, shards, unseen) == ["a", "b", "c"]


def test_a_shard_that_always_kills_its_process_is_given_up(work: ModuleType) -> None:
    with pytest.raises(EngineError, match=r"shard 0 .* 3 times"):
        LocalExecutor(2).map(work.die_on_zero, [0, 1], unseen)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_arrives_as_itself_and_ends_the_others(work: ModuleType, workers: int) -> None:
    with pytest.raises(UnsupportedVideo, match="Unsupported codec/format"):
        LocalExecutor(workers).map(work.refuse_zero, [0, 1, 2], unseen)


@pytest.mark.parametrize("workers", [1, 2])
def test_cancelling_while_it_reports(work: ModuleType, workers: int) -> None:
    heard: list[int] = []

    def cancel(number: int, _fraction: float) -> None:
        heard.append(number)
        if len(heard) > 20:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        LocalExecutor(workers).map(work.report_for_ever, [1, 2, 3], cancel)


def test_a_shard_that_does_not_listen_is_ended(work: ModuleType, tmp_path: Path) -> None:
    def cancel_when_both_are_at_work(_number: int, _fraction: float) -> None:
        if len(list(tmp_path.iterdir())) == 2:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        LocalExecutor(2).map(work.never_report, [tmp_path, tmp_path], cancel_when_both_are_at_work)

    assert not any(alive(int(path.name)) for path in tmp_path.iterdir())


def test_an_error_of_the_listener_ends_all(work: ModuleType) -> None:
    def refuse(_number: int, _fraction: float) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        LocalExecutor(2).map(work.report_for_ever, [1, 2], refuse)


@pytest.mark.usefixtures("ctrl_c_heeded")
def test_ctrl_c_is_left_to_the_parent(work: ModuleType) -> None:
    assert LocalExecutor(2).map(work.signalled, [1, 2], unseen) == ["alive", "alive"]


PROGRAM = """
import sys
from collections.abc import Sequence
from pathlib import Path
from passerby.engine.local import ItemCallback, LocalExecutor, ProcessPool, Task, map_here
import shard_work

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    LocalExecutor(2).map(shard_work.never_report, [folder, folder], lambda *_: None)
"""


def test_the_processes_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    folder = tmp_path / "pids"
    folder.mkdir()
    paths = [str(Path(__file__).parent), str(Path(errors.__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with (tmp_path / "complaints").open("wb") as warnings:
        command = [sys.executable, str(program), str(folder)]
        parent = subprocess.Popen(command, env=environment, stderr=warnings)
    wait_until(lambda: len(list(folder.iterdir())) == 2)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    wait_until(lambda: not any(alive(int(path.name)) for path in folder.iterdir()))


class ThisProcess(ProcessPool):
    """Notes for how many processes it is asked, and works in none of them."""

    workers = 0

    def map(
        self, task: Task[T, R], items: Sequence[T], workers: int, on_progress: ItemCallback
    ) -> list[R]:
        self.workers = workers
        return map_here(task, items, on_progress)


def threads_given(_shard: int, _report: object, /, *, threads: int) -> int:
    return threads


@pytest.mark.parametrize(
    ("shards", "workers", "threads"),
    [
        pytest.param(60, 2, 1, id="more shards than the quota"),
        pytest.param(2, 2, 1, id="as many"),
        pytest.param(1, 1, 2, id="one shard"),
    ],
)
def test_a_quota_limits_processes_and_threads(
    shards: int, workers: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passerby.engine.local.available_cpus", lambda: 2)
    pool = ThisProcess()

    given = LocalExecutor(pool=pool).map(threads_given, range(shards), unseen)

    assert (pool.workers, set(given)) == (workers, {threads})
