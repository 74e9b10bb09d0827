"""Encryption of secrets with a key that is kept outside the database.

The database alone discloses no secret.

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
from passerby.files import UNFINISHED, flush

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D, 8.2: the length that needs no further hashing


class SealingKey:
    """The key of an installation, from which a key for each purpose is derived."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key must have {KEY_BYTES} bytes, got {len(key)}")
        self._key = key

    def derive(self, purpose: bytes) -> bytes:
        """Derive the 32-byte key of one purpose; it discloses nothing about the others."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(self._key)

    def seal(self, secret: bytes, label: bytes) -> bytes:
        """Encrypt a secret so that it can be decrypted only with the same label."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, secret, label)

    def open(self, sealed: bytes, label: bytes) -> bytes:
        """Decrypt a sealed secret; raises SettingsError if this key did not seal it."""
        try:
            return self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], label)
        except InvalidTag as error:
            raise SettingsError(
                "secret.key does not fit this database: its access keys were sealed with another. "
                "Put that one back from a backup, or from the other machines that share it."
            ) from error

    def _cipher(self) -> AESGCM:
        return AESGCM(self.derive(b"passerby: secrets in the job database"))


def open_key_file(path: Path, *, is_first_use: bool = True) -> SealingKey:
    """Read the key file, or create it (mode 0600) on first use.

    Parameters
    ----------
    path : Path
    is_first_use : bool
        Whether nothing was sealed yet. Else a missing file is not made anew: what was sealed
        with the lost one could not be opened.

    Raises
    ------
    SettingsError
        If the file cannot be read or created, does not hold a key, or is missing though it
        is needed.
    """
    try:
        if not path.exists():
            if not is_first_use:
                raise SettingsError(
                    f"{path} is missing, and the access keys in the database were sealed with "
                    "it: put it back from a backup or from the other machines that share the "
                    "database."
                )
            _make_key_file(path)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the key file cannot be used: {error}") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is not a key file: {len(key)} bytes, not {KEY_BYTES}")
    return SealingKey(key)


def _make_key_file(path: Path) -> None:
    """Create the key file as a whole; of several processes at once, the first one wins."""
    # `atomic_file` would let the last one win, when the first may have used its key already.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{UNFINISHED}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        draft.write_bytes(secrets.token_bytes(KEY_BYTES))
        flush(draft)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
