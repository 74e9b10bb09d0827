"""Results taken along, by the command."""

import json
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.cli.app import main

from .conftest import SAMPLE, done

Export = Callable[..., int]


@pytest.fixture(scope="module")
def table(tracked: Path) -> Path:
    return tracked / "people-walking.parquet"


@pytest.fixture
def export(table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Export:
    """The command on that table, in this process and an empty folder; gives its status."""
    monkeypatch.chdir(tmp_path)

    def run(*options: object) -> int:
        words = ["passerby", "export", str(table), *map(str, options)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return run


def said(captured: str) -> str:
    """What was said, without the frame around it."""
    return " ".join(captured.replace("│", " ").split())


def test_the_whole_result_in_one_stream(table: Path) -> None:
    lines = done("export", table, "--to", "ndjson", "--out", "-").splitlines()

    answer = json.loads(table.with_suffix(".json").read_text())
    assert [json.loads(line) for line in lines] == answer["Persons"]


def test_a_file_is_named_after_the_video_and_not_replaced_unasked(
    export: Export, table: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "people-walking.txt"

    assert export("--to", "mot") == 0
    assert capfd.readouterr().out == f"{target.name}\n"
    assert target.read_bytes() == table.with_suffix(".txt").read_bytes()

    target.write_text("mine")
    assert export("--to", "mot") == 2
    assert "is there already" in said(capfd.readouterr().err)
    assert target.read_text() == "mine"

    assert export("--to", "mot", "--force") == 0
    assert target.read_bytes() == table.with_suffix(".txt").read_bytes()


def test_the_result_itself_is_never_replaced(
    export: Export, table: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = table.read_bytes()

    assert export("--to", "parquet", "--out", table, "--force") == 2

    assert "is what is exported" in said(capfd.readouterr().err)
    assert table.read_bytes() == before


def test_pictures_come_from_the_video_that_is_named(
    export: Export, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sheets = ("--to", "contact-sheets", "--out", "sheets.zip")

    assert export(*sheets) == 1
    assert "--video" in capfd.readouterr().err

    assert export(*sheets, "--video", SAMPLE) == 0
    with zipfile.ZipFile(tmp_path / "sheets.zip") as archive:
        assert "person-0000.png" in archive.namelist()


def test_nobody_is_left_to_be_seen_by_mistake(
    export: Export, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whom = ("--blur", "only", "--person", 0, "--person", 999)

    assert export("--to", "blurred", *whom, "--video", SAMPLE) == 2

    assert "nobody in the result has the index 999" in said(capfd.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_enough_is_no_mistake(table: Path) -> None:
    command = [sys.executable, "-m", "passerby", "export", str(table), "--to", "csv", "--out", "-"]

    piped = subprocess.run(
        ["sh", "-c", f"{shlex.join(command)} | head -n 1"],
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert piped.stdout.startswith("timestamp_ms,person_index,frame_index,left,")
    assert "roken pipe" not in piped.stderr
