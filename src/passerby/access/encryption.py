"""How secrets are kept: sealed with a key that lies outside the database.

Whoever takes the database alone learns no secret from it.

Sources: AES-GCM, NIST SP 800-38D; HKDF, RFC 5869.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from passerby.errors import SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D, 8.2: the length that needs no further hashing


class SealingKey:
    """The installation's one key, from which a key for each purpose is derived."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key must have {KEY_BYTES} bytes, got {len(key)}")
        self._key = key

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes of key for one purpose; the same each time, and none tells of another."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(self._key)

    def seal(self, secret: bytes, label: bytes) -> bytes:
        """Encrypt a secret so that it can only be opened under the same label."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, secret, label)

    def open(self, sealed: bytes, label: bytes) -> bytes:
        """Decrypt what `seal` made; raises SettingsError if this key did not seal it."""
        try:
            return self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], label)
        except InvalidTag as error:
            raise SettingsError("the key file does not belong to this database") from error

    def _cipher(self) -> AESGCM:
        return AESGCM(self.derive(b"passerby: secrets in the job database"))


def open_key_file(path: Path) -> SealingKey:
    """Read the key, or make the file (mode 0600) on first use.

    Raises
    ------
    SettingsError
        If the file cannot be read or made, or does not hold a key.
    """
    try:
        if not path.exists():
            _make_key_file(path)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the key file cannot be used: {error}") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is not a key file: {len(key)} bytes, not {KEY_BYTES}")
    return SealingKey(key)


def _make_key_file(path: Path) -> None:
    """Write a whole file, then give it its name: of several at once, the first one wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
