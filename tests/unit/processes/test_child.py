from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.processes.child import Child
from passerby.processes.limits import MEBIBYTE, NO_LIMITS, Limits

POLL_SECONDS = 0.1
POLLS = int(PATIENCE_SECONDS / POLL_SECONDS)

PROGRAMS = {
    "writes": "import sys; open(sys.argv[1], 'w').write('done')",
    "fails": "import sys; print('noise', file=sys.stderr); sys.exit('passerby: It is damaged.')",
    "fails_silently": "import sys; sys.exit(3)",
    "reports": "import sys, time\nprint('loading'); print(7)\nprint(0.25, flush=True)\n"
    "time.sleep(600)",
    "hangs": "import time; time.sleep(600)",
    "allocates": "x = bytearray(300 << 20); import time; time.sleep(600)",
    "shows_variable": "import os, sys; open(sys.argv[1], 'w').write(os.environ['SHOWN'])",
}


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in PROGRAMS.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


@contextmanager
def running(
    name: str, target: Path, limits: Limits = NO_LIMITS, **environment: str
) -> Iterator[Child]:
    child = Child([name, str(target)], limits, environment=environment)
    try:
        yield child
    finally:
        child.end()


def result(child: Child, target: Path) -> str:
    """What `poll` returns once it is not None; polled often, as progress is seen by polling."""
    for _ in range(POLLS):
        if (found := child.poll(target, POLL_SECONDS)) is not None:
            return found
    raise AssertionError("the child did not end")


def test_success(target: Path) -> None:
    with running("writes", target) as child:
        assert result(child, target) == ""

    assert target.read_text() == "done"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param("fails", "It is damaged.", id="the last line of standard error"),
        pytest.param("fails_silently", "It ended with exit status 3.", id="without a message"),
        pytest.param("hangs", "It made no progress for 1 seconds.", id="no progress"),
        pytest.param("allocates", "It took more than 200 MiB of memory.", id="too much memory"),
    ],
)
def test_failure(name: str, error: str, target: Path) -> None:
    memory = 200 * MEBIBYTE if name == "allocates" else None
    stall = 1.0 if name == "hangs" else None
    with running(name, target, Limits(memory, stall)) as child:
        assert result(child, target) == error


def test_progress_is_the_last_number_and_never_beyond_one(target: Path) -> None:
    with running("reports", target) as child:
        for _ in range(POLLS):
            assert child.poll(target, POLL_SECONDS) is None
            assert child.fraction in {0.0, 1.0, 0.25}
            if child.fraction == 0.25:
                break

        assert child.fraction == 0.25


def test_variables_are_added_to_those_of_the_parent(target: Path) -> None:
    with running("shows_variable", target, SHOWN="seen") as child:
        assert result(child, target) == ""

    assert target.read_text() == "seen"
