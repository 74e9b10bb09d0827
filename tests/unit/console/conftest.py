"""Modules that child processes run, and a queue that runs them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.console.artifacts import ArtifactQueue
from passerby.processes.limits import MEBIBYTE, Limits

JOB = "ab" * 32

SCRIPTS = {
    "writes": "import sys; open(sys.argv[1], 'w').write(sys.argv[2])",
    "reports": (
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
    "allocates": "x = bytearray(300 << 20); import time; time.sleep(600)",
    "writes_niceness": "import os, sys; open(sys.argv[1], 'w').write(str(os.nice(0)))",
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
def queue(folder: Path) -> Iterator[ArtifactQueue]:
    queue = ArtifactQueue(folder, Limits(200 * MEBIBYTE), niceness=7)
    yield queue
    queue.close()
