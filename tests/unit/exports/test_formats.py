import subprocess
import sys
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from passerby.cli import export
from passerby.errors import VideoGone
from passerby.exports.formats import FORMATS
from passerby.films.blur_selection import BlurSelection, BlurTarget
from passerby.records import Sightings
from passerby.testing import moving_boxes, write_clip

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]

TABLES = [name for name, form in FORMATS.items() if not form.needs_video]
FILMS = [name for name, form in FORMATS.items() if form.needs_video]


def test_the_command_line_knows_every_format() -> None:
    assert list(get_args(export.FormatName)) == list(FORMATS)
    assert get_args(export.BlurTarget) == get_args(BlurTarget)
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", TABLES)
def test_the_file_is_the_stream_and_the_same_each_time(
    crowd: Sightings, analysis_result: BuildResult, tmp_path: Path, name: str
) -> None:
    form, result, done = FORMATS[name], analysis_result(crowd), list[int]()
    assert form.chunks

    form.write(result, tmp_path / "out", BlurSelection(), done.append)

    assert (tmp_path / "out").read_bytes() == concatenate(form.chunks(result, ignore_progress))
    assert done == sorted(done)
    assert 0.9 * len(crowd) < done[-1] <= len(crowd)


@pytest.mark.parametrize("name", TABLES)
def test_a_file_is_whole_or_not_there(
    crowd: Sightings, analysis_result: BuildResult, tmp_path: Path, name: str
) -> None:
    def fail(_done: int) -> None:
        raise KeyboardInterrupt

    result, target = analysis_result(crowd), tmp_path / "out"
    target.write_text("as before")

    with pytest.raises(KeyboardInterrupt):
        FORMATS[name].write(result, target, BlurSelection(), fail)

    assert target.read_text() == "as before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", result.table.name]


@pytest.mark.parametrize("name", FILMS)
def test_pixels_need_the_video(
    make_sightings: MakeSightings, analysis_result: BuildResult, name: str
) -> None:
    result = analysis_result(make_sightings((0, 0, 5, True)))

    with pytest.raises(VideoGone, match="not at hand"):
        FORMATS[name].write(result, Path("unused"), BlurSelection(), ignore_progress)


def test_a_table_needs_no_decoder() -> None:
    script = (
        "import sys, passerby.exports.formats, passerby.bootstrap.analysis_result\n"
        "import passerby.cli.export\n"
        "print(*{'av', 'cv2', 'onnxruntime', 'openvino', 'supervision'} & sys.modules.keys())"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )

    assert ended.stdout == "\n"


def test_contact_sheets_are_a_picture_a_person(
    make_sightings: MakeSightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(count=10, boxes=2))
    rows = [(person, 40 * n, 20 + 40 * person, True) for n in range(10) for person in (0, 3)]
    result = analysis_result(make_sightings(*rows), source=str(clip))

    for name in ("one.zip", "two.zip"):
        FORMATS["contact-sheets"].write(result, tmp_path / name, BlurSelection(), ignore_progress)

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["person-0000.png", "person-0003.png"]
        assert all(archive.read(name)[1:4] == b"PNG" for name in archive.namelist())
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


@pytest.mark.parametrize(
    ("persons", "selection", "remark"),
    [
        pytest.param([], BlurSelection(), "nobody was found; the film is unchanged", id="nobody"),
        pytest.param([0], BlurSelection(), None, id="somebody"),
        pytest.param([0], BlurSelection("faces"), None, id="a face"),
        pytest.param(
            [0],
            BlurSelection("all-but", frozenset({0})),
            "nobody is to be hidden; the film is unchanged",
            id="all but everybody",
        ),
    ],
)
def test_a_film_that_hides_nobody_is_told(
    make_sightings: MakeSightings,
    analysis_result: BuildResult,
    tmp_path: Path,
    persons: list[int],
    selection: BlurSelection,
    remark: str | None,
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(count=3))
    rows = [(person, 40 * n, 20, True) for n in range(3) for person in persons]
    result = analysis_result(make_sightings(*rows), source=str(clip))

    told = FORMATS["blurred"].write(result, tmp_path / "film.mp4", selection, ignore_progress)

    assert told == remark


def test_whole_frames_are_told_where_nobody_was_found(
    make_sightings: MakeSightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    """A clip of 5.5 s, of which none was analysed: 4 s are for rounding and for who is late."""
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(count=11), rate=Fraction(2))
    result = analysis_result(make_sightings(), source=str(clip), duration_ms=0)

    told = FORMATS["blurred"].write(result, tmp_path / "film.mp4", BlurSelection(), ignore_progress)

    assert told == "nobody was found; 2 frames that are damaged or not analysed are hidden"
