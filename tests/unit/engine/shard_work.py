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
    """Leave a file named by the process, then be busy for a minute."""
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def signalled(_number: int, _report: FractionCallback, **_threads: int) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "alive"


def crash(_number: int, _report: FractionCallback, **_threads: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def stand_still(_number: int, report: FractionCallback, **_threads: int) -> None:
    """Report some progress, then no more."""
    for _ in range(5):
        time.sleep(0.1)
        report(0.5)
    time.sleep(60)


def take_memory(megabytes: int, _report: FractionCallback, **_threads: int) -> int:
    """Hold so much memory for a while."""
    held = b"x" * (megabytes * 1024**2)
    time.sleep(0.5)
    return len(held)


def plan_something(report: FractionCallback) -> int:
    report(0.5)
    time.sleep(0.5)
    return os.getpid()


def refuse_with_a_lambda(_number: int, _report: FractionCallback, **_threads: int) -> None:
    """Fail with what cannot be sent to another process."""
    raise ValueError(lambda: "unsendable")
