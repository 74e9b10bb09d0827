"""Page tokens: the start of the next page, encrypted so that clients cannot forge it.

A token is AES-GCM: its plain text is the row and the time of issue, and the job,
account and sort order it belongs to are authenticated with it. It opens nowhere else.
"""

import base64
import os
import struct
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from passerby.api import faults
from passerby.api.faults import Fault

TOKEN_LIFE = timedelta(hours=24)  # developer guide, "Guidelines and quotas"
_NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2.2
_ROW_AND_TIME = struct.Struct(">QQ")  # row from 0; whole seconds since 1970


@dataclass(frozen=True)
class ContinuedListing:
    """The listing that a token continues."""

    account_id: str
    job_id: str
    sort_by: str


class PageTokens:
    """Creates and reads page tokens, under one key of 16, 24 or 32 bytes."""

    def __init__(self, key: bytes, life: timedelta = TOKEN_LIFE) -> None:
        self._cipher = AESGCM(key)
        self._life = life

    def seal(self, listing: ContinuedListing, row: int, now: datetime) -> str:
        """Make the token for the page that begins at `row`: 60 characters of standard base64."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = _ROW_AND_TIME.pack(row, int(now.timestamp()))
        return base64.b64encode(
            nonce + self._cipher.encrypt(nonce, plain, _bound(listing))
        ).decode()

    def row(self, token: str, listing: ContinuedListing, now: datetime) -> int:
        """Read the row at which the page of `token` begins.

        Raises
        ------
        Fault
            InvalidPaginationTokenException for a token that is damaged, older than
            their life, or of another listing.
        """
        try:
            sealed = base64.b64decode(token, validate=True)
            nonce, secret = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            plain = self._cipher.decrypt(nonce, secret, _bound(listing))
        except (ValueError, InvalidTag) as error:
            raise Fault(faults.INVALID_PAGINATION_TOKEN) from error
        row, issued = _ROW_AND_TIME.unpack(plain)
        if now - datetime.fromtimestamp(issued, UTC) > self._life:
            raise Fault(faults.INVALID_PAGINATION_TOKEN)
        return int(row)


def _bound(listing: ContinuedListing) -> bytes:
    # A JSON list, so that no two listings run together into the same bytes.
    return msgspec.json.encode(astuple(listing))
