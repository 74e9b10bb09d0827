"""Access keys of a stub server: always the same test key, and those that the script names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from passerby.access.accounts import DEFAULT_ACCOUNT_ID
from passerby.access.rights import Rights
from passerby.replay.script import Script


@dataclass(frozen=True)
class Key:
    """An access key that the stub server knows."""

    id: str
    secret: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    account_id: str = DEFAULT_ACCOUNT_ID
    rights: Rights = field(default_factory=Rights)
    expires_at: datetime | None = None


#: Not a secret: it opens nothing but stub servers.
TEST_KEY = Key("AKIAPASSERBYSTANDINS", "notasecret" * 4)


def keys_of(script: Script) -> Mapping[str, Key]:
    """Collect all keys by id."""
    named = (
        Key(
            rule.id,
            rule.secret,
            rule.session_token,
            rule.account_id,
            Rights(rule.operations, rule.videos, rule.topics),
        )
        for rule in script.keys
    )
    return {key.id: key for key in (TEST_KEY, *named)}
