import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.files import (
    atomic_file,
    folder_in_use,
    is_in_use,
    made_folder,
    scratch_folder,
    sweep_drafts,
    write_atomically,
)

WRITER = """
import sys
from pathlib import Path
from passerby import files
with files.{block} as path:
    print(path, flush=True)
    sys.stdin.read()
"""


@contextmanager
def writing(block: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process in the middle of a block; and the path that it was given."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER.format(block=block)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)


def test_only_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    block = f"atomic_file(Path({str(tmp_path / 'film.mp4')!r}))"
    mine = tmp_path / ".mine.unfinished"
    mine.write_text("not of passerby")
    with writing(block) as (dead, left), writing(block) as (_living, busy):
        killed(dead)
        assert left.exists()

        sweep_drafts(tmp_path)

        assert not left.exists()
        assert busy.exists()
        assert mine.exists()


def test_a_writer_does_not_sweep_its_own_draft(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.txt") as draft:
        draft.write_text("a")
        sweep_drafts(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "a"


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_file(tmp_path / "a.txt") as draft:
            draft.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()

    assert not list(tmp_path.iterdir())


def test_a_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    write_atomically(tmp_path / "ours", b"")
    (tmp_path / "other").touch()

    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_scratch_folders_of_killed_processes_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with writing("scratch_folder()") as (dead, left):
        killed(dead)
    with writing("scratch_folder()") as (_living, busy), scratch_folder() as ours:
        assert not left.exists()
        assert busy.exists()
        assert ours.is_dir()

    assert not ours.exists()


def test_the_last_one_who_uses_a_folder_deletes_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    with folder_in_use(folder):
        with folder_in_use(folder):
            (folder / "file").touch()
            assert is_in_use(folder)
        assert (folder / "file").exists()

    assert not folder.exists()


@pytest.mark.parametrize(
    "names", [pytest.param(["file"], id="with a file"), pytest.param([], id="empty")]
)
def test_a_folder_stays_where_the_work_in_it_failed(tmp_path: Path, names: list[str]) -> None:
    def fail() -> None:
        with folder_in_use(tmp_path / "kept"):
            for name in names:
                (tmp_path / "kept" / name).touch()
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert (tmp_path / "kept").is_dir() is bool(names)
    assert not is_in_use(tmp_path / "kept")


def test_what_was_made_for_nothing_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()

    def fail(folder: Path, *names: str) -> None:
        with made_folder(folder):
            for name in names:
                (folder / name).touch()
            raise KeyError

    for folder in (tmp_path / "new" / "er", tmp_path / "old"):
        with pytest.raises(KeyError):
            fail(folder)
    with pytest.raises(KeyError):
        fail(tmp_path / "used", "file")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "old", "used"]
