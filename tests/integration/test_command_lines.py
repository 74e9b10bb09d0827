"""Every command says what it is, and says in one line what is wrong."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from passerby.cli.app import app, main

from .conftest import SAMPLE, done, run

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _logging_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.logs.configure", lambda _form, _level: None)


def commands(parent: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    """Each command with the words that call it."""
    for name, command in parent.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*words, name))
        elif isinstance(command, TyperCommand):
            yield " ".join((*words, name)), command


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
COMMANDS = dict(commands(ROOT))


@pytest.mark.parametrize("name", COMMANDS)
def test_everything_has_a_help_text(name: str) -> None:
    command = COMMANDS[name]
    shown = [option for option in command.params if not getattr(option, "hidden", False)]

    assert command.help
    assert [option.name for option in shown if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name: str) -> None:
    group, _, verb = name.partition(" ")
    lines = [line for line in README.read_text().splitlines() if f"`passerby {group}" in line]

    assert any(verb in line for line in lines)


def test_defaults_are_shown() -> None:
    shown = " ".join(run("serve", "--help").stdout.replace("│", " ").split())

    assert "(127.0.0.1)" in shown
    assert "(8420)" in shown
    assert "DATA/buckets" in shown


def test_the_version_is_that_of_the_package() -> None:
    assert done("--version") == f"passerby {version('passerby')}\n"


def test_a_copy_serves_in_place_of_the_folder(tmp_path: Path) -> None:
    done("keys", "create", "--data", tmp_path / "data")

    done("backup", tmp_path / "copy", "--data", tmp_path / "data")

    listed = [done("keys", "list", "--data", tmp_path / name) for name in ("data", "copy")]
    assert listed[0] == listed[1]
    assert "AKIA" in listed[0]


def said_by_refusing(
    line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    """Run a command line that cannot be carried out; gives its exit status and complaint."""
    monkeypatch.setattr(sys, "argv", ["passerby", *line.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capfd.readouterr().err


@pytest.mark.parametrize("folder", ["absent", "empty", "text.txt", "half"])
@pytest.mark.parametrize(
    "command",
    ["jobs list", "jobs show ab", "jobs watch ab", "jobs cancel ab", "keys list", "keys revoke A"],
)
def test_what_only_looks_makes_nothing(
    command: str,
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").touch()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "secret.key").touch()  # and the database is lost
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)

    status, said = said_by_refusing(f"{command} --data {folder}", monkeypatch, capfd)

    assert status == 1
    assert said.startswith(f"passerby: {folder} holds no installation; passerby serve or ")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        pytest.param("track absent.mp4 --out out", 1, "No such file or directory", id="no video"),
        pytest.param("track . --out out", 1, ". is not a file.", id="a folder for a video"),
        pytest.param(
            "track text.mp4 --out out", 1, "Unsupported codec/format.", id="a text for a video"
        ),
        pytest.param(
            "track text.mp4 --out text.mp4", 1, "text.mp4: File exists", id="a file for a folder"
        ),
        pytest.param(
            "track text.mp4 --out /proc/out", 1, "No such file", id="a folder not to be made"
        ),
        pytest.param("track text.mp4 --out out --rate 0", 2, "'0' is neither 'all'", id="no rate"),
        pytest.param(
            f"track {SAMPLE} --out out --device cuda --runtime openvino",
            1,
            "openvino computes on the CPU",
            id="OpenVINO on a GPU",
        ),
        pytest.param(
            "worker --data out --device cuda --runtime openvino",
            1,
            "openvino computes on the CPU",
            id="a worker with OpenVINO on a GPU",
        ),
        pytest.param("track text.mp4", 2, "Missing option '--out'", id="nowhere to write"),
        pytest.param(
            "link absent.txt --fps 10 --size 64x48 --out tracks.txt",
            1,
            "absent.txt: cannot be read",
            id="no detections",
        ),
        pytest.param(
            "link text.mp4 --fps 10 --size 64x48 --out tracks.txt",
            1,
            "text.mp4, line 1: ",
            id="a text for detections",
        ),
        pytest.param(
            "link empty.txt --fps 10 --size 64x48 --out absent/tracks.txt",
            1,
            "absent/tracks.txt: No such file or directory",
            id="no folder to write to",
        ),
        pytest.param(
            "link empty.txt --fps 10 --size 0x48 --out tracks.txt",
            2,
            "like 1920x1080",
            id="no size",
        ),
        pytest.param("eval absent.txt empty.txt", 1, "two folders or two files", id="no truth"),
        pytest.param(
            "eval empty.txt empty.txt --analysed-only", 1, "seqinfo.ini", id="truth without a rate"
        ),
        pytest.param("keys create --data text.mp4", 1, "cannot be a folder", id="a file for data"),
        pytest.param("jobs list --config absent.toml", 1, "absent.toml", id="no settings"),
        pytest.param("backup . --data data", 1, ". exists already", id="a copy over something"),
        pytest.param("backup copy --data absent", 1, "cannot be copied", id="nothing to copy"),
        pytest.param("export absent.parquet --to csv", 1, "absent.parquet is not", id="no result"),
        pytest.param("export text.mp4 --to csv", 1, "neither the id of a job", id="no job's id"),
        pytest.param("export abc --to csv --data data", 1, "no such job", id="no such job"),
        pytest.param(
            "export abc --to blurred --out -",
            2,
            "cannot be written to standard",
            id="a film to print",
        ),
        pytest.param(
            "export abc --to annotated --blur faces", 2, "for --to blurred", id="nothing to blur"
        ),
        pytest.param("export abc --to blurred --blur only", 2, "--person goes", id="only nobody"),
        pytest.param(
            "export abc --to blurred --person 3", 2, "--person goes", id="a person for all"
        ),
        pytest.param("keys create --account 12", 2, "12 digits", id="no account id"),
    ],
)
def test_mistakes(
    line: str,
    status: int,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "text.mp4").write_text("not a video\n")
    (tmp_path / "empty.txt").touch()
    monkeypatch.chdir(tmp_path)

    code, said = said_by_refusing(line, monkeypatch, capfd)

    assert code == status
    assert complaint in " ".join(said.replace("│", " ").split())
    assert status == 2 or said.splitlines()[-1].startswith("passerby: ")
