import os
import subprocess
import sys

import pytest

from passerby.processes.limits import MEBIBYTE, NO_LIMITS, Limits, resident_bytes


@pytest.mark.parametrize(
    ("limits", "memory_bytes", "stalled_seconds", "excess"),
    [
        pytest.param(NO_LIMITS, 2**50, 1e9, None, id="no limits"),
        pytest.param(Limits(MEBIBYTE, 5), MEBIBYTE, 5, None, id="at both limits"),
        pytest.param(
            Limits(MEBIBYTE, 5), MEBIBYTE + 1, 0, "took more than 1 MiB of memory", id="memory"
        ),
        pytest.param(
            Limits(MEBIBYTE, 2.5), 0, 2.6, "made no progress for 2.5 seconds", id="no progress"
        ),
    ],
)
def test_excess(
    limits: Limits, memory_bytes: int, stalled_seconds: float, excess: str | None
) -> None:
    assert limits.excess(memory_bytes, stalled_seconds) == excess


def test_resident_memory_grows_with_what_is_allocated() -> None:
    program = "import sys; x = bytearray(b'x' * (64 << 20)); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        resident = resident_bytes(process.pid)

    assert 64 * MEBIBYTE < resident < 256 * MEBIBYTE


def test_an_ended_process_has_no_memory() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert process.pid != os.getpid()
    assert resident_bytes(process.pid) == 0
