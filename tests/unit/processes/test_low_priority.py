import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(
    parent: int, niceness: int, *module: str, folder: Path
) -> "subprocess.CompletedProcess[str]":
    command = ["passerby.processes.low_priority", str(parent), str(niceness), *module]
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-P", "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "facts.py").write_text(
        "import os, resource, sys\n"
        "print(__name__, sys.argv, os.nice(0), resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    return tmp_path


def test_the_module_is_run_as_a_program_of_low_priority(folder: Path) -> None:
    ended = run(os.getpid(), 3, "facts", "a", "b c", folder=folder)

    assert ended.returncode == 0
    assert ended.stdout.startswith("__main__ ['")
    assert ended.stdout.rstrip().endswith(f"'a', 'b c'] {min(os.nice(0) + 3, 19)} (0, 0)")


def test_nothing_is_run_once_the_parent_has_died(folder: Path) -> None:
    ended = run(1, 0, "facts", folder=folder)

    assert (ended.returncode, ended.stdout) == (1, "")
