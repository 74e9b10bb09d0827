"""What the processes of the tested pool do; they import it by name."""

import os
import signal
import time
from pathlib import Path

from passerby.errors import UnsupportedVideo
from passerby.records import FractionCallback


def double(number: int, report: FractionCallback, **_threads: int) -> int:
    report(0.5)
    return 2 * number


def own_process(_number: int, _report: FractionCallback, **_threads: int) -> int:
    time.sleep(0.1)
    return os.getpid()


def die_the_first_time(marker: Path, report: FractionCallback, **_threads: int) -> str:
    """Die while there is no file `marker`, which this leaves behind."""
    report(0.3)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return marker.name


def die_on_zero(number: int, _report: FractionCallback, **_threads: int) -> int:
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse_zero(number: int, report: FractionCallback, **_threads: int) -> int:
    if number == 0:
        raise UnsupportedVideo
    return report_for_ever(number, report)


def report_for_ever(_number: int, report: FractionCallback, **_threads: int) -> int:
    while True:
        report(0.1)
        time.sleep(0.02)


def never_report(folder: Path, _report: FractionCallback, **_threads: int) -> None:
    """Leave a file named by the process, then be busy until it is ended."""
    (folder / str(os.getpid())).touch()
    wait_for_ever()


def signalled(_number: int, _report: FractionCallback, **_threads: int) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "alive"


def crash(_number: int, _report: FractionCallback, **_threads: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def stand_still(_number: int, report: FractionCallback, **_threads: int) -> None:
    """Report some progress, then no more until it is ended."""
    report(0.5)
    wait_for_ever()


def report_step_by_step(folder: Path, report: FractionCallback, **_threads: int) -> str:
    """Report, and wait for a file of the name of what was reported."""
    for fraction in (0.25, 0.5, 0.75):
        report(fraction)
        wait_for(folder / str(fraction))
    return "done"


def hold_memory(asked: tuple[int, Path], report: FractionCallback, **_threads: int) -> int:
    """Hold so many megabytes until there is a file of this name."""
    megabytes, file = asked
    held = b"x" * (megabytes * 1024**2)
    report(0.5)
    wait_for(file)
    return len(held)


def plan_something(report: FractionCallback) -> int:
    report(0.5)
    return os.getpid()


def plan_for_ever(report: FractionCallback) -> None:
    report(0.5)
    wait_for_ever()


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


def wait_for_ever() -> None:
    while True:
        time.sleep(60)


def refuse_with_a_lambda(_number: int, _report: FractionCallback, **_threads: int) -> None:
    """Fail with what cannot be sent to another process."""
    raise ValueError(lambda: "unsendable")
