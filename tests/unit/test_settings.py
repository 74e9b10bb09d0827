from collections.abc import Mapping
from pathlib import Path

import pytest

from passerby.errors import SettingsError
from passerby.settings import Settings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passerby.toml"
    path.write_text('port = 1001\nhost = "file"\nprocesses = 3\n', encoding="utf-8")
    return path


def test_without_any_source_the_defaults_hold() -> None:
    assert load(environment={}) == Settings()
    assert Settings().host == "127.0.0.1"


def test_a_flag_goes_before_the_environment_and_that_before_the_file(file: Path) -> None:
    environment = {"PASSERBY_PORT": "1002", "PASSERBY_HOST": "environment"}

    chosen = load(file, environment, {"port": 1003, "runtime": "openvino"})

    assert (chosen.port, chosen.host, chosen.processes) == (1003, "environment", 3)
    assert chosen.runtime == "openvino"


def test_a_flag_that_was_not_given_changes_nothing(file: Path) -> None:
    assert load(file, {}, {"port": None}).port == 1001


def test_other_variables_are_none_of_ours() -> None:
    foreign = {"PORT": "1", "PASSERBY_UNHEARD_OF": "1", "passerby_port": "1"}

    assert load(environment=foreign) == Settings()


@pytest.mark.parametrize(
    ("environment", "flags", "name"),
    [
        pytest.param({}, {"prot": 80}, "prot", id="unknown flag"),
        pytest.param({}, {"data": 5}, "data", id="a number as folder"),
        pytest.param({}, {"buckets": ["a"]}, "buckets", id="a list as folder"),
        pytest.param({"PASSERBY_PORT": "http"}, {}, "port", id="a word as number"),
        pytest.param({"PASSERBY_OPEN_JOBS": "2.5"}, {}, "open_jobs", id="a fraction as count"),
        pytest.param({"PASSERBY_RUNTIME": "abacus"}, {}, "runtime", id="not among the choices"),
    ],
)
def test_an_impossible_value_is_named(
    environment: Mapping[str, str], flags: Mapping[str, object], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environment=environment, flags=flags)


def test_an_unknown_name_in_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "passerby.toml"
    path.write_text("prot = 80\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="prot"):
        load(path, {})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"port 80", id="not TOML"),
        pytest.param(b"host = '\xff'", id="not UTF-8"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "passerby.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsError, match=str(path)):
        load(path, {})


@pytest.mark.parametrize(
    ("environment", "flags"),
    [
        pytest.param({"PASSERBY_DATA": "~/videos"}, {}, id="environment"),
        pytest.param({}, {"data": "~/videos"}, id="text"),
        pytest.param({}, {"data": Path("~/videos")}, id="path"),
    ],
)
def test_a_tilde_is_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], flags: Mapping[str, object]
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")

    chosen = load(environment=environment, flags=flags)

    assert chosen.data == Path("/home/somebody/videos")


def test_buckets_lie_in_the_data_folder_unless_set() -> None:
    assert Settings(data=Path("d")).bucket_root == Path("d/buckets")
    assert Settings(data=Path("d"), buckets=Path("b")).bucket_root == Path("b")
