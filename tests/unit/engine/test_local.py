import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from passerby import errors
from passerby.engine.local import run_shards
from passerby.errors import EngineError, JobCancelled, PasserbyError, UnsupportedVideo


def unseen(_number: int, _fraction: float) -> None:
    pass


def never() -> bool:
    return False


def after(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
    assert run_shards(work.double, [], workers, unseen, never) == []


@pytest.mark.parametrize(
    ("shards", "workers"),
    [
        pytest.param([3], 4, id="one shard"),
        pytest.param([3, 1, 2], 1, id="one worker"),
        pytest.param([3, 1, 2], 0, id="no worker"),
    ],
)
def test_little_work_is_done_in_this_process(
    work: ModuleType, shards: list[int], workers: int
) -> None:
    assert run_shards(work.own_process, shards, workers, unseen, never) == [os.getpid()] * len(
        shards
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_shards(work: ModuleType, workers: int) -> None:
    seen: dict[int, list[float]] = {number: [] for number in range(5)}

    results = run_shards(
        work.double, [5, 3, 1, 4, 2], workers, lambda n, done: seen[n].append(done), never
    )

    assert results == [10, 6, 2, 8, 4]
    for fractions in seen.values():
        assert fractions == sorted(fractions)
        assert set(fractions) <= {0.0, 0.5, 1.0}
        assert fractions[-1] == 1.0


def test_shards_run_in_several_processes(work: ModuleType) -> None:
    pids = set(run_shards(work.own_process, range(4), 2, unseen, never))

    assert len(pids) == 2
    assert os.getpid() not in pids
    assert not any(map(alive, pids))


def test_a_killed_process_costs_nothing_but_time(work: ModuleType, tmp_path: Path) -> None:
    shards = [tmp_path / name for name in "abc"]
    (tmp_path / "a").touch()
    (tmp_path / "c").touch()

    assert run_shards(work.die_the_first_time, shards, 2, unseen, never) == ["a", "b", "c"]


def test_a_shard_that_always_kills_its_process_is_given_up(work: ModuleType) -> None:
    with pytest.raises(EngineError, match=r"shard 0 .* 3 times"):
        run_shards(work.die_on_zero, [0, 1], 2, unseen, never)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_arrives_as_itself_and_ends_the_others(work: ModuleType, workers: int) -> None:
    with pytest.raises(UnsupportedVideo, match="Unsupported codec/format"):
        run_shards(work.refuse_zero, [0, 1, 2], workers, unseen, never)


@pytest.mark.parametrize("workers", [1, 2])
def test_stopping(work: ModuleType, workers: int) -> None:
    with pytest.raises(JobCancelled):
        run_shards(work.report_for_ever, [1, 2, 3], workers, unseen, after(0.5))


def test_a_shard_that_does_not_listen_is_stopped_within_two_seconds(
    work: ModuleType, tmp_path: Path
) -> None:
    def both_at_work() -> bool:
        started = len(list(tmp_path.iterdir())) == 2
        if started:
            began.append(time.monotonic())
        return started

    began: list[float] = []
    with pytest.raises(JobCancelled):
        run_shards(work.never_report, [tmp_path, tmp_path], 2, unseen, both_at_work)

    assert time.monotonic() - began[0] < 2.0
    assert not any(alive(int(path.name)) for path in tmp_path.iterdir())


def test_an_error_of_the_listener_ends_all(work: ModuleType) -> None:
    def refuse(_number: int, _fraction: float) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        run_shards(work.report_for_ever, [1, 2], 2, refuse, never)


@pytest.mark.usefixtures("ctrl_c_heeded")
def test_ctrl_c_is_left_to_the_parent(work: ModuleType) -> None:
    assert run_shards(work.signalled, [1, 2], 2, unseen, never) == ["alive", "alive"]


PROGRAM = """
import sys
from pathlib import Path
from passerby.engine.local import run_shards
import shard_work

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run_shards(shard_work.never_report, [folder, folder], 2, lambda *_: None, lambda: False)
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
    wait_until(lambda: len(list(folder.iterdir())) == 2, seconds=20)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    wait_until(lambda: not any(alive(int(path.name)) for path in folder.iterdir()), seconds=2)
