"""Nothing is replaced that the command did not make, and runs side by side do no harm."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from .conftest import SAMPLE, done, frame_count, people_clip, run


def said(text: str) -> str:
    """What was said, without the frame around it."""
    return " ".join(text.replace("│", " ").split())


def contents(folder: Path) -> dict[str, str]:
    """Digest of each file, by name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def short_clip(path: Path, frames: int = 10) -> Path:
    path.parent.mkdir(exist_ok=True)
    return people_clip(path, frames)


def refused(*arguments: object) -> str:
    ended = run(*arguments)
    assert ended.returncode == 2, (ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    return said(ended.stderr)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, and the results of it, in `out`."""
    folder = tmp_path_factory.mktemp("first")
    clip = short_clip(folder / "a" / "street.mp4")
    done("track", clip, "--out", folder / "out", "--annotate", "--detections", folder / "det.txt")
    return folder


@pytest.fixture
def tracked_once(first: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for one test."""
    return Path(shutil.copytree(first, tmp_path / "copy"))


def test_the_same_recording_replaces_its_own_results(tracked_once: Path) -> None:
    clip, out = tracked_once / "a" / "street.mp4", tracked_once / "out"
    moved = Path(shutil.copy(clip, tracked_once / "street.mp4"))  # another place and time
    before = contents(out)

    done("track", moved, "--out", out, "--annotate", "--detections", tracked_once / "det.txt")

    assert contents(out) == before
    assert sorted(before) == [f"street.{ending}" for ending in ("json", "mp4", "parquet", "txt")]


@pytest.mark.parametrize("name", ["txt", "json", "parquet", "mp4"])
def test_another_recording_of_the_same_name_does_not(tracked_once: Path, name: str) -> None:
    other = short_clip(tracked_once / "b" / "street.mp4", 9)
    out = tracked_once / "out"
    for path in out.iterdir():
        if path.suffix != f".{name}":
            path.unlink()
    before = contents(out)

    message = refused("track", other, "--out", out, "--annotate")

    assert f"street.{name}isthere" in message.replace(" ", "")
    assert "--force" in message
    assert contents(out) == before


@pytest.mark.parametrize("name", ["street.txt", "street.json", "street.mp4"])
def test_what_was_changed_by_hand_stays(tracked_once: Path, name: str) -> None:
    path = tracked_once / "out" / name
    path.write_bytes(path.read_bytes() + b"mine")
    before = contents(tracked_once)

    message = refused(
        "track", tracked_once / "a" / "street.mp4", "--out", tracked_once / "out", "--annotate"
    )

    assert "--force" in message
    assert contents(tracked_once) == before


def test_detections_are_not_replaced_either(tracked_once: Path) -> None:
    detections = tracked_once / "det.txt"
    detections.write_text("mine\n")

    message = refused(
        *("track", tracked_once / "a" / "street.mp4", "--out", tracked_once / "out"),
        *("--detections", detections),
    )

    assert "--force" in message
    assert detections.read_text() == "mine\n"


def test_with_force_all_is_replaced_but_what_is_read(tracked_once: Path) -> None:
    other, out = short_clip(tracked_once / "b" / "street.mp4", 9), tracked_once / "out"

    done("track", other, "--out", out, "--annotate", "--force")
    assert frame_count(out / "street.mp4") == 9
    before = contents(tracked_once)

    for options in (
        ("--out", tracked_once / "b", "--annotate"),
        ("--out", out, "--detections", other),
        ("--out", out, "--detections", out / "street.json"),
        ("--out", out, "--detections", out),
        ("--out", out, "--detections", tracked_once / "nowhere" / "det.txt"),
    ):
        refused("track", other, "--force", *options)

    assert contents(tracked_once) == before


def test_a_link_that_leads_nowhere_is_there(tracked_once: Path) -> None:
    target = tracked_once / "out" / "street.txt"
    target.unlink()
    target.symlink_to("nowhere.txt")

    assert "--force" in refused(
        "track", tracked_once / "a" / "street.mp4", "--out", tracked_once / "out"
    )
    assert target.is_symlink()


def test_the_table_says_what_it_was_made_from(first: Path) -> None:
    metadata = pq.read_metadata(first / "out" / "street.parquet").metadata
    note = json.loads(metadata[b"passerby"])

    with_it = [first / "out" / "street.txt", first / "out" / "street.json", first / "det.txt"]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in with_it]
    assert note["with"] == sorted(digests)
    assert len(note["recording"]) == 64


def test_link_replaces_nothing_unasked(first: Path, tmp_path: Path) -> None:
    detections = Path(shutil.copy(first / "det.txt", tmp_path / "det.txt"))
    tracks = tmp_path / "tracks.txt"
    tracks.write_text("mine\n")
    line = ("link", detections, "--fps", "10", "--size", "768x576", "--out")

    assert "--force" in refused(*line, tracks)
    assert tracks.read_text() == "mine\n"
    assert "is what is read" in refused(*line, detections, "--force")

    done(*line, tracks, "--force")
    assert tracks.read_text() != "mine\n"


def test_report_replaces_its_own_only(first: Path, tmp_path: Path) -> None:
    table, out = first / "out" / "street.parquet", tmp_path / "report"
    done("report", table, "--out", out)
    before = contents(out)

    done("report", table, "--out", out)
    assert contents(out) == before

    other = Path(shutil.copytree(first / "out", tmp_path / "other")) / "street.parquet"
    done("track", short_clip(tmp_path / "street.mp4", 9), "--out", other.parent, "--force")
    assert "--force" in refused("report", other, "--out", out)
    assert contents(out) == before

    (out / "counts.json").write_text("mine")
    assert "counts.json" in refused("report", table, "--out", out).replace(" ", "")
    assert (out / "counts.json").read_text() == "mine"

    done("report", table, "--out", out, "--force")
    assert contents(out) == before


def test_a_report_beside_files_of_others(first: Path, tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text("mine")

    assert "persons.csv" in refused(
        "report", first / "out" / "street.parquet", "--out", tmp_path
    ).replace(" ", "")

    assert contents(tmp_path).keys() == {"persons.csv"}


@contextmanager
def at_work(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "passerby", *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def ended(process: "subprocess.Popen[str]") -> int:
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in errors, errors
    return process.returncode


def test_two_runs_on_one_recording_side_by_side(tmp_path: Path) -> None:
    clip = short_clip(tmp_path / "street.mp4")
    out, alone = tmp_path / "out", tmp_path / "alone"
    done("track", clip, "--out", alone, "--annotate")

    with (
        at_work("track", clip, "--out", out, "--annotate") as one,
        at_work("track", clip, "--out", out, "--annotate") as other,
    ):
        assert [ended(one), ended(other)] == [0, 0]

    assert contents(out) == contents(alone)
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_two_recordings_of_one_name_side_by_side(tmp_path: Path) -> None:
    clips = [short_clip(tmp_path / name / "street.mp4", 10 + n) for n, name in enumerate("ab")]
    out = tmp_path / "out"

    with (
        at_work("track", clips[0], "--out", out) as one,
        at_work("track", clips[1], "--out", out) as other,
    ):
        codes = [ended(one), ended(other)]

    assert sorted(codes) == [0, 2]  # one, whichever came first; the other one is refused
    winner = codes.index(0)
    alone = tmp_path / "alone"
    done("track", clips[winner], "--out", alone)
    assert contents(out) == contents(alone)


def test_recordings_of_two_names_side_by_side(tmp_path: Path) -> None:
    clips = [short_clip(tmp_path / name) for name in ("one.mp4", "two.mp4")]

    with (
        at_work("track", clips[0], "--out", tmp_path) as one,
        at_work("track", clips[1], "--out", tmp_path) as other,
    ):
        assert [ended(one), ended(other)] == [0, 0]

    assert {path.suffix for path in tmp_path.glob("one.*")} == {".mp4", ".txt", ".json", ".parquet"}


def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path: Path) -> None:
    clip = short_clip(tmp_path / "long.mp4", 800)
    out = tmp_path / "out"
    with at_work("track", clip, "--out", out, "--annotate") as process:
        wait_until(lambda: any(out.glob(".long.observations/*")))
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    left = out / ".long.txt.0123456789abcdef.unfinished"  # as a killed writer leaves it
    left.touch()

    done("track", short_clip(tmp_path / "b" / "long.mp4"), "--out", out)

    assert not left.exists()
    assert list(out.glob(".long.observations/*")) != []  # the killed run can still be taken up


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_export_leaves_nothing_to_the_next(
    tracked: Path, tmp_path: Path, number: signal.Signals
) -> None:
    table = Path(shutil.copy(tracked / "people-walking.parquet", tmp_path))
    shutil.copy(tracked / "people-walking.json", tmp_path)
    line = ("export", table, "--to", "blurred", "--video", SAMPLE, "--out", tmp_path / "b.mp4")

    with at_work(*line) as process:
        wait_until(lambda: any(tmp_path.glob(".b.mp4.*.unfinished")))
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == -number
    left = list(tmp_path.glob(".b.mp4.*"))
    assert bool(left) is (number == signal.SIGKILL)  # who is asked to end tidies up

    done("export", table, "--to", "csv", "--out", tmp_path / "b.csv")
    assert not list(tmp_path.glob(".b.mp4.*"))


def test_an_unusable_video_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no video")

    for video in ("words.mp4", "absent.mp4", "rtsp://10.0.0.4/cam", "gs://a/b", "-"):
        name = video if "://" in video or video == "-" else tmp_path / video
        assert run("track", name, "--out", tmp_path / "new" / "er").returncode == 1

    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["words.mp4"]
