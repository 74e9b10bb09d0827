from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from passerby.cli.options import AnalysisOptions, Data, with_analysis_options
from passerby.errors import SettingsError
from passerby.settings import Settings

chosen: list[Settings] = []
program = typer.Typer()


@program.command()
@with_analysis_options
def probe(data: Data = None, *, options: AnalysisOptions) -> None:
    chosen.append(options.settings(data=data))


@pytest.fixture(autouse=True)
def _logging_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("passerby.logs.configure", lambda _form, _level: None)
    yield
    chosen.clear()


def settings_by(*arguments: str, **environment: str) -> Settings:
    result = CliRunner().invoke(program, arguments, env=environment)
    if result.exception is not None:
        raise result.exception
    return chosen.pop()


def test_without_options_and_environment_the_defaults_hold() -> None:
    assert settings_by() == Settings()


def test_each_option_is_a_setting(tmp_path: Path) -> None:
    line = (
        "--runtime onnxruntime --device cuda --engine ray --ray-address head:6380 "
        "--face-attributes all --confidence 0.3 --strict --most-lost 0.2 --log-format json"
    )

    assert settings_by("--data", str(tmp_path), *line.split()) == Settings(
        data=tmp_path,
        runtime="onnxruntime",
        device="cuda",
        engine="ray",
        ray_address="head:6380",
        face_attributes="all",
        confidence=0.3,
        strict=True,
        most_lost=0.2,
        log_format="json",
    )


def test_options_stand_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('runtime = "openvino"\nengine = "ray"\nface_attributes = "none"\n')

    settings = settings_by(
        "--config",
        str(file),
        "--face-attributes",
        "all",
        PASSERBY_ENGINE="local",
        PASSERBY_FACE_ATTRIBUTES="default",
    )

    assert settings == Settings(runtime="openvino", engine="local", face_attributes="all")


def test_a_value_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(SettingsError, match="warp"):
        settings_by(PASSERBY_ENGINE="warp")


def test_the_log_is_set_up_as_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr("passerby.logs.configure", lambda form, level: seen.append((form, level)))

    settings_by("--log-format", "json", PASSERBY_LOG_LEVEL="error")

    assert seen == [("json", "error")]
