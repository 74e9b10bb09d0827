from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from passerby.cli.installations import choose_installation
from passerby.errors import SettingsError
from passerby.server.running_servers import RunningServer, announced
from passerby.settings import Settings

USUAL = str(Settings().data.resolve())


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    for name in ("PASSERBY_DATA", "PASSERBY_DATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def run(stack: ExitStack, data: str, port: int = 1, *, own_database: bool = False) -> RunningServer:
    server = RunningServer(data, f"http://127.0.0.1:{port}", own_database)
    stack.enter_context(announced(server))
    return server


def test_without_a_server_it_is_the_usual_folder() -> None:
    chosen = choose_installation(None, None)

    assert (chosen.settings, chosen.server) == (Settings(), None)


def test_the_server_that_runs(stack: ExitStack) -> None:
    server = run(stack, "/elsewhere")

    chosen = choose_installation(None, None)

    assert (chosen.settings.data, chosen.server) == (Path("/elsewhere"), server)
    assert chosen.settings.bucket_root == Path("/elsewhere/buckets")


def test_the_server_of_the_usual_folder_goes_before_others(stack: ExitStack) -> None:
    run(stack, "/elsewhere")
    usual = run(stack, USUAL, 2)

    chosen = choose_installation(None, None)

    assert (chosen.settings.data, chosen.server) == (Settings().data, usual)


def test_two_servers_of_one_folder(stack: ExitStack) -> None:
    run(stack, "/elsewhere")
    run(stack, "/elsewhere", 2)

    assert choose_installation(None, None).settings.data == Path("/elsewhere")


def test_it_asks_which_of_several_servers(stack: ExitStack) -> None:
    run(stack, "/one")
    run(stack, "/two", 2)

    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:1 \(--data /one\), .*--data /two"):
        choose_installation(None, None)


def test_a_server_whose_database_nobody_tells(stack: ExitStack) -> None:
    run(stack, "/elsewhere", own_database=True)

    with pytest.raises(SettingsError, match="the same --config"):
        choose_installation(None, None)


def test_a_folder_that_is_named_counts(stack: ExitStack, tmp_path: Path) -> None:
    run(stack, "/elsewhere")

    chosen = choose_installation(None, tmp_path)

    assert (chosen.settings.data, chosen.server) == (tmp_path, None)


def test_the_server_of_a_folder_that_is_named(stack: ExitStack, tmp_path: Path) -> None:
    server = run(stack, str(tmp_path))
    (tmp_path / "inside").mkdir()

    assert choose_installation(None, tmp_path / "inside" / "..").server == server


@pytest.mark.parametrize("name", ["PASSERBY_DATA", "PASSERBY_DATABASE"])
def test_the_environment_counts(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run(stack, "/elsewhere")
    monkeypatch.setenv(name, "/named")

    assert choose_installation(None, None).settings.data != Path("/elsewhere")


def test_a_file_of_settings_counts(stack: ExitStack, tmp_path: Path) -> None:
    run(stack, "/elsewhere")
    (tmp_path / "settings.toml").write_text("port = 1234")

    chosen = choose_installation(tmp_path / "settings.toml", None)

    assert (chosen.settings, chosen.server) == (Settings(port=1234), None)
