"""`passerby track` goes by the environment and by a file, as every other command."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import passerby
from passerby.cli.track import app
from passerby.errors import SettingsError

SAMPLE = Path(passerby.__file__).parent / "samples" / "people-walking.mp4"


@pytest.fixture(autouse=True)
def _logging_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.logs.configure", lambda _form, _level: None)


def track(out: Path, *arguments: str, **environment: str) -> None:
    """Run the command on a few frames of the sample."""
    line = [str(SAMPLE), "--out", str(out), "--rate", "5", *arguments]
    environment = {"PASSERBY_PROCESSES": "1", **environment}
    result = CliRunner().invoke(app, line, env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output


def landmark_counts(out: Path) -> set[int]:
    """How many landmarks the faces of the answer have; empty without faces."""
    answer: dict[str, Any] = json.loads((out / "people-walking.json").read_bytes())
    assert answer["Persons"]
    faces = [person["Person"].get("Face") for person in answer["Persons"]]
    return {len(face["Landmarks"]) for face in faces if face}


def test_face_attributes_from_the_environment(tmp_path: Path) -> None:
    track(tmp_path / "default")
    track(tmp_path / "all", PASSERBY_FACE_ATTRIBUTES="all")
    track(tmp_path / "none", PASSERBY_FACE_ATTRIBUTES="none")

    assert landmark_counts(tmp_path / "default") == {5}
    assert landmark_counts(tmp_path / "all") == {30}
    assert landmark_counts(tmp_path / "none") == set()


def test_face_attributes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('face_attributes = "none"\n')

    track(tmp_path, "--config", str(file))

    assert landmark_counts(tmp_path) == set()


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        pytest.param(
            {"PASSERBY_RUNTIME": "openvino", "PASSERBY_DEVICE": "cuda"},
            "openvino computes on the CPU",
            id="runtime and device",
        ),
        pytest.param({"PASSERBY_PROCESSES": "many"}, r"\$\.processes", id="processes"),
        pytest.param({"PASSERBY_ENGINE": "warp"}, r"'warp'.*\$\.engine", id="engine"),
        pytest.param({"PASSERBY_RAY_RESOURCES": '{"GPU": -1}'}, "ray_resources", id="resources"),
    ],
)
def test_settings_of_the_environment_that_cannot_be_used(
    environment: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        track(tmp_path, **environment)

    assert not list(tmp_path.iterdir())


def test_an_option_stands_over_the_environment(tmp_path: Path) -> None:
    track(tmp_path, "--face-attributes", "none", "--processes", "1", PASSERBY_PROCESSES="many")

    assert landmark_counts(tmp_path) == set()
