import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from passerby.access.encryption import SealingKey, open_key_file
from passerby.errors import SettingsError


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = open_key_file(path)

    assert open_key_file(path).derive(b"pages") == key.derive(b"pages")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert list(tmp_path.iterdir()) == [path]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    one, other = (open_key_file(tmp_path / name).derive(b"pages") for name in ("a", "b"))

    assert one != other


def test_many_first_uses_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        keys = pool.map(lambda _: open_key_file(tmp_path / "secret.key"), range(20))

    assert len({key.derive(b"pages") for key in keys}) == 1


@pytest.mark.parametrize(
    "content", [pytest.param(b"", id="empty"), pytest.param(b"x" * 33, id="too long")]
)
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=f"{len(content)} bytes"):
        open_key_file(path)


def test_a_key_file_in_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        open_key_file(tmp_path / "missing" / "secret.key")


def test_a_key_of_the_wrong_length() -> None:
    with pytest.raises(ValueError, match="got 5"):
        SealingKey(b"short")


def test_derived_keys_are_those_of_rfc_5869() -> None:
    # By hand: HKDF-SHA256, no salt, one block.
    # T(1) = HMAC(HMAC(32 zero bytes, key), purpose + 0x01)
    key = bytes(range(32))
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    expected = hmac.digest(extracted, b"pages\x01", hashlib.sha256)

    assert SealingKey(key).derive(b"pages") == expected


def test_sealing() -> None:
    key = SealingKey(bytes(32))
    sealed = key.seal(b"secret", b"label")

    assert key.open(sealed, b"label") == b"secret"
    assert b"secret" not in sealed
    assert key.seal(b"secret", b"label") != sealed


@pytest.mark.parametrize(
    ("key", "label", "changed_byte"),
    [
        pytest.param(bytes(32), b"other", None, id="another label"),
        pytest.param(b"\x01" * 32, b"label", None, id="another key"),
        pytest.param(bytes(32), b"label", 0, id="a changed first byte"),
        pytest.param(bytes(32), b"label", -1, id="a changed last byte"),
    ],
)
def test_what_was_not_sealed_so_stays_shut(
    key: bytes, label: bytes, changed_byte: int | None
) -> None:
    sealed = bytearray(SealingKey(bytes(32)).seal(b"secret", b"label"))
    if changed_byte is not None:
        sealed[changed_byte] ^= 1

    with pytest.raises(SettingsError, match="does not fit"):
        SealingKey(key).open(bytes(sealed), label)
