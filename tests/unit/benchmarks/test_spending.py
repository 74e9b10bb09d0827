import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import spending

# A child that has a child of its own; each holds 64 MiB, and computes, for a while.
FAMILY = """
import subprocess, sys, time
held = b"x" * 2**26
child = None
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, sys.argv[0]])
began = time.process_time()
while time.process_time() < began + 0.3:
    pass
time.sleep(0.3)
if child:
    child.wait()
print("done")
"""


def test_memory_and_time_of_children_count(tmp_path: Path) -> None:
    program = tmp_path / "family.py"
    program.write_text(FAMILY, encoding="utf-8")

    spent = spending.run([sys.executable, str(program), "with a child"])

    assert spent.output.splitlines() == ["done", "done"]
    assert spent.peak_bytes > 2 * 2**26
    assert spent.cpu_s > 0.6
    assert spent.wall_s > 0.5


def test_a_failure_is_told() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        spending.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_group_without_processes_holds_nothing() -> None:
    assert spending.memory_bytes(-1) == 0
