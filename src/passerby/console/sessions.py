"""Sessions: a cookie names the access key that logged in, sealed so that nobody can forge it.

The server keeps no list of sessions. A session ends after `SESSION_LIFE`, with its key, or
when its holder logs out, which is remembered in the database.

Sources: AES-GCM, NIST SP 800-38D; OWASP Cheat Sheet Series, "Session Management" and
"Cross-Site Request Forgery Prevention" (a token bound to the session by HMAC).
"""

import base64
import hmac
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from passerby.access.ended_sessions import EndedSessions
from passerby.access.keys import AccessKey, AccessKeys

SESSION_LIFE = timedelta(hours=12)

_NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2.2
_ISSUED = struct.Struct(">Q")  # whole seconds since 1970
_LABEL = b"passerby: session of the console"


@dataclass(frozen=True)
class LoginSession:
    """One login of one access key."""

    key: AccessKey
    csrf_token: str  # sent beside the cookie with each request that changes something
    ends_at: datetime  # aware, UTC
    cookie: str


class Sessions:
    """Makes session cookies and reads them back. Safe to use from many threads.

    Parameters
    ----------
    key : bytes
        32 bytes.
    keys : AccessKeys
        Store of the access keys: a session lives no longer than its key.
    ended : EndedSessions
        Those whose holders logged out.
    """

    def __init__(self, key: bytes, keys: AccessKeys, ended: EndedSessions) -> None:
        self._cipher = AESGCM(key)
        self._key = key
        self._keys = keys
        self._ended = ended

    def begin(self, key: AccessKey, now: datetime) -> LoginSession:
        """Begin a session for the holder of `key`, who has shown its secret."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = _ISSUED.pack(int(now.timestamp())) + key.id.encode()
        sealed = nonce + self._cipher.encrypt(nonce, plain, _LABEL)
        return self._session(key, base64.urlsafe_b64encode(sealed).decode(), now)

    def find(self, cookie: str, now: datetime) -> LoginSession | None:
        """Find the session of a cookie; None if there is none, or it has ended."""
        try:
            sealed = base64.b64decode(cookie, b"-_", validate=True)
            nonce, secret = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            plain = self._cipher.decrypt(nonce, secret, _LABEL)
        except (ValueError, InvalidTag):
            return None
        (seconds,) = _ISSUED.unpack_from(plain)
        issued = datetime.fromtimestamp(seconds, UTC)
        key = self._keys.find(plain[_ISSUED.size :].decode())
        if key is None:
            return None
        session = self._session(key, cookie, issued)
        is_over = now >= session.ends_at or self._ended.has(cookie)
        return None if is_over else session

    def end(self, session: LoginSession, now: datetime) -> None:
        """End a session before its time."""
        self._ended.add(session.cookie, session.ends_at, now)

    def _session(self, key: AccessKey, cookie: str, issued: datetime) -> LoginSession:
        ends_at = min(issued + SESSION_LIFE, key.expires_at or datetime.max.replace(tzinfo=UTC))
        token = hmac.digest(self._key, b"CSRF " + cookie.encode(), "sha256").hex()
        return LoginSession(key, token, ends_at, cookie)
