"""What the nodes of the tested cluster do; they import it by name."""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from passerby.errors import UnsupportedVideo

logger = logging.getLogger("passerby.node")

Report = Callable[[float], None]


def wait_for_ever() -> None:
    while True:
        time.sleep(60)


def double(asked: tuple[int, str], report: Report, *, threads: int) -> int:
    """Double a number once there is a file of this name."""
    number, file = asked
    logger.warning("doubling")
    while not Path(file).exists():
        report(0.5)
        time.sleep(0.1)
    return 2 * number * threads


def die_on_zero(number: int, _report: Report, *, threads: int) -> int:
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return threads


def refuse_zero(number: int, _report: Report, *, threads: int) -> int:
    if number == 0:
        raise UnsupportedVideo
    wait_for_ever()
    return threads


def never_report(_number: int, _report: Report, *, threads: int) -> int:
    wait_for_ever()
    return threads


def stand_still_on_zero(number: int, report: Report, *, threads: int) -> int:
    report(0.5)
    if number == 0:
        wait_for_ever()
    return threads


def take_memory_on_zero(number: int, report: Report, *, threads: int) -> int:
    """Hold a gigabyte until it is ended."""
    held = b"x" * (number == 0) * 1024**3
    while held:
        time.sleep(0.1)
        report(0.5)
    return threads
