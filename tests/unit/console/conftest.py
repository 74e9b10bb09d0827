"""Modules that children run, written for the purpose."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from passerby.console.artifacts import Making
from passerby.processes.child import Limits

JOB = "ab" * 32
MEBIBYTE = 1024**2
PATIENCE_SECONDS = 20

SCRIPTS = {
    "writes": "import sys; open(sys.argv[1], 'w').write(sys.argv[2])",
    "tells": (
        "import sys, time, pathlib\n"
        "print('loading'); print(0.25, flush=True)\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)\n"
        "print(0.75, flush=True); open(sys.argv[1], 'w').close()\n"
    ),
    "fails": (
        "import sys; open(sys.argv[1], 'w').write('half')\n"
        "print('noise', file=sys.stderr); sys.exit('The video is damaged.')\n"
    ),
    "writes_nothing": "",
    "hangs": "import time; time.sleep(600)",
    "swells": "x = bytearray(300 << 20); import time; time.sleep(600)",
    "says_how_nice": "import os, sys; open(sys.argv[1], 'w').write(str(os.nice(0)))",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name, text in SCRIPTS.items():
        (scripts / f"{name}.py").write_text(text)
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(scripts), before])))
    return tmp_path / "pictures"


@pytest.fixture
def making(folder: Path) -> Iterator[Making]:
    making = Making(folder, Limits(200 * MEBIBYTE, stall_seconds=3.0, niceness=7))
    yield making
    making.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
