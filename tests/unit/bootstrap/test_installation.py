import logging
import stat
from pathlib import Path

import pytest

from passerby.bootstrap.installation import open_installation
from passerby.errors import SettingsError
from passerby.settings import Settings


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_existing_data_folder_is_taken_from_other_users(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)

    with caplog.at_level(logging.WARNING):
        open_installation(Settings(data=data))
        open_installation(Settings(data=data))

    assert mode_of(data) == 0o700
    assert caplog.messages == [f"{data} could be read by other users of this machine; no longer"]


def test_a_lost_key_file_is_not_made_anew_where_keys_are_stored(tmp_path: Path) -> None:
    open_installation(Settings(data=tmp_path)).keys.create()
    (tmp_path / "secret.key").unlink()

    with pytest.raises(SettingsError, match=r"secret\.key is missing.*backup"):
        open_installation(Settings(data=tmp_path))

    assert not (tmp_path / "secret.key").exists()


def test_a_key_file_of_another_installation_is_refused(tmp_path: Path) -> None:
    open_installation(Settings(data=tmp_path)).keys.create()
    (tmp_path / "secret.key").write_bytes(b"x" * 32)

    with pytest.raises(SettingsError, match=r"secret\.key does not fit.*backup"):
        open_installation(Settings(data=tmp_path))


def test_an_installation_without_keys_may_lose_its_key_file(tmp_path: Path) -> None:
    open_installation(Settings(data=tmp_path))
    (tmp_path / "secret.key").unlink()

    open_installation(Settings(data=tmp_path))

    assert mode_of(tmp_path / "secret.key") == 0o600
