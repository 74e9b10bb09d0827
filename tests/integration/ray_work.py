"""What the nodes of the tested cluster do; they import it by name."""

import os
import signal
import time
from collections.abc import Callable

from passerby.errors import UnsupportedVideo

Report = Callable[[float], None]


def double(number: int, report: Report, *, threads: int) -> int:
    report(0.5)
    time.sleep(0.5)
    return 2 * number * threads


def die_on_zero(number: int, _report: Report, *, threads: int) -> int:
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return threads


def refuse_zero(number: int, _report: Report, *, threads: int) -> int:
    if number == 0:
        raise UnsupportedVideo
    time.sleep(60)
    return threads


def never_report(_number: int, _report: Report, *, threads: int) -> int:
    time.sleep(60)
    return threads
