"""What the processes of the tested pool do; they import it by name."""

import os
import signal
import time
from pathlib import Path

from passerby.engine.child import ShardReport
from passerby.errors import UnsupportedVideo


def double(number: int, report: ShardReport) -> int:
    report(0.5)
    return 2 * number


def own_process(_number: int, _report: ShardReport) -> int:
    time.sleep(0.1)
    return os.getpid()


def die_the_first_time(marker: Path, report: ShardReport) -> str:
    """Die while there is no file `marker`, which this leaves behind."""
    report(0.3)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return marker.name


def die_on_zero(number: int, _report: ShardReport) -> int:
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse_zero(number: int, report: ShardReport) -> int:
    if number == 0:
        raise UnsupportedVideo
    return report_for_ever(number, report)


def report_for_ever(_number: int, report: ShardReport) -> int:
    while True:
        report(0.1)
        time.sleep(0.02)


def never_report(folder: Path, _report: ShardReport) -> None:
    """Leave a file named by the process, then be busy for a minute."""
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def signalled(_number: int, _report: ShardReport) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "alive"
