import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.server.running_servers import RunningServer, announced, running_servers

SERVER = RunningServer("/data", "http://127.0.0.1:18421", own_database=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "passerby" / "servers"


def test_no_server() -> None:
    assert running_servers() == []


def test_a_server_is_found_while_it_runs(folder: Path) -> None:
    other = RunningServer("/another", "http://127.0.0.1:18422", own_database=True)
    with announced(SERVER):
        with announced(other):
            assert running_servers() == [other, SERVER]
        assert running_servers() == [SERVER]
        (file,) = folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    assert running_servers() == []
    assert list(folder.iterdir()) == []


KILLED = """
import os, signal
from passerby.server.running_servers import RunningServer, announced
with announced(RunningServer("/data", "http://127.0.0.1:1", own_database=False)):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_that_was_killed_is_forgotten(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False, timeout=PATIENCE_SECONDS)
    assert len(list(folder.iterdir())) == 1

    assert running_servers() == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pid": 1}', "\x00"])
def test_what_is_no_announcement(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / "x.json").write_text(content)

    assert running_servers() == []


def test_a_server_whose_user_has_no_folder_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    with announced(SERVER):
        assert running_servers() == []


def test_an_error_of_the_server_comes_through() -> None:
    with pytest.raises(OSError, match="no disk"), announced(SERVER):
        raise OSError("no disk")
