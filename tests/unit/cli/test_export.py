"""The command `passerby export`, in this process, on results made by hand."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.cli.app import main
from passerby.films import verification
from passerby.films.verification import Leftover
from passerby.records import NO_FACE, Faces, Sightings
from passerby.results.tables import write_table
from passerby.testing import moving_boxes, write_clip

Export = Callable[..., int]
METADATA = {
    "Codec": "h264",
    "ColorRange": "LIMITED",
    "DurationMillis": 400,
    "Format": "QuickTime / MOV",
    "FrameHeight": 240,
    "FrameRate": 25.0,
    "FrameWidth": 320,
}


def write_result(folder: Path, rows: int) -> Path:
    """A person who stands still for some frames of a clip of ten, which lies beside it."""
    frame = np.arange(rows, dtype=np.int64)
    sightings = Sightings(
        person_index=np.zeros(rows, np.int64),
        frame_index=frame,
        timestamp_ms=40 * frame,
        xyxy=np.tile(np.array([100, 50, 140, 150], np.float32), (rows, 1)),
        confidence=np.full(rows, 0.9, np.float32),
        detected=np.ones(rows, np.bool_),
        face=np.full(rows, NO_FACE, np.int64),
        faces=Faces.none(),
    )
    write_table(sightings, folder / "street.parquet")
    answer = {"JobStatus": "SUCCEEDED", "VideoMetadata": METADATA, "Persons": []}
    (folder / "street.json").write_text(json.dumps(answer))
    write_clip(folder / "street.mp4", moving_boxes(10))
    return folder / "street.parquet"


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Export:
    """The command in an empty folder; gives its status."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["passerby", "export", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return run


KILLED = """
import os, signal, sys
from pathlib import Path
from passerby.files import atomic_file
with atomic_file(Path(sys.argv[1])) as draft:
    draft.write_text("half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("to", ["cvat", "blurred"])
def test_what_a_killed_export_left_is_deleted_by_the_next(
    export: Export, tmp_path: Path, to: str
) -> None:
    table = write_result(tmp_path, 3)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "street.blurred.mp4")]
    subprocess.run(command, check=False, timeout=PATIENCE_SECONDS)
    assert len(list(tmp_path.glob(".*.unfinished"))) == 1

    assert export(table, "--to", to, "--video", "street.mp4") == 0

    assert list(tmp_path.glob(".*.unfinished")) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(0, "nobody was found; the film is unchanged", id="nobody"),
        pytest.param(3, "", id="somebody"),
    ],
)
def test_a_film_in_which_nobody_is_hidden(
    export: Export, tmp_path: Path, capfd: pytest.CaptureFixture[str], rows: int, told: str
) -> None:
    table = write_result(tmp_path, rows)

    assert export(table, "--to", "blurred", "--video", "street.mp4") == 0

    printed = capfd.readouterr()
    assert printed.out == "street.blurred.mp4\n"
    assert ("the film is unchanged" in printed.err) == bool(told)
    assert told in " ".join(printed.err.split())


def test_keyframes_are_as_near_as_asked(export: Export, tmp_path: Path) -> None:
    table = write_result(tmp_path, 10)

    assert export(table, "--to", "cvat", "--keyframe-every", 4) == 0

    written = (tmp_path / "street.cvat.xml").read_text()
    assert [f'<box frame="{n}"' in written for n in range(10)] == [
        n in {0, 4, 8, 9} for n in range(10)
    ]


@pytest.mark.parametrize("rows", [0, 10])
def test_a_film_of_painted_boxes_has_nobody_in_it(
    export: Export, tmp_path: Path, capfd: pytest.CaptureFixture[str], rows: int
) -> None:
    table = write_result(tmp_path, rows)

    assert export(table, "--to", "blurred", "--video", "street.mp4", "--verify") == 0

    printed = capfd.readouterr()
    assert printed.out == "street.blurred.mp4\n"
    assert "Nobody seems to be left" in " ".join(printed.err.split())


def test_what_may_be_left_is_listed_and_has_a_status_of_its_own(
    export: Export,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    box = (10.2, 20.0, 30.0, 60.7)
    left = Leftover("person", 400, 1600, box, 0.4321, box)
    monkeypatch.setattr(verification, "find_leftovers", lambda *_: [left])
    table = write_result(tmp_path, 3)

    assert export(table, "--to", "blurred", "--video", "street.mp4", "--verify") == 3

    assert capfd.readouterr().out.splitlines() == [
        "street.blurred.mp4",
        "person from 0.400 s to 1.600 s in 10, 20, 30, 61: 0.43",
    ]
    assert (tmp_path / "street.blurred.mp4").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--to", "mot", "--keyframe-every", 5),
        ("--to", "mot", "--verify"),
        ("--to", "annotated", "--verify"),
    ],
    ids=str,
)
def test_options_of_other_formats_are_refused(
    export: Export, tmp_path: Path, options: tuple[object, ...]
) -> None:
    assert export(write_result(tmp_path, 1), *options) == 2
