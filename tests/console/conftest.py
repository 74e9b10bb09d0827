"""A real server, and whoever visits it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from tests.contract.test_server_process import Running, serving

from passerby.access.encryption import open_key_file
from passerby.access.keys import AccessKey, AccessKeys
from passerby.access.rights import Rights
from passerby.database.connection import open_database

from .visitor import Visitor

UPLOAD_LIMIT = 1_000_000

_accounts = count(1000)


@dataclass(frozen=True)
class House:
    """A running server with its data folder."""

    server: Running
    data: Path
    keys: AccessKeys

    def visitor(self, key: AccessKey | None = None) -> Visitor:
        """Somebody who is logged in, with a key of nobody else's account unless given."""
        visitor = self.stranger()
        key = key or self.key()
        assert visitor.log_in(key.id, key.secret, key.session_token).status == 303
        return visitor

    def stranger(self) -> Visitor:
        return Visitor(self.server.url)

    def key(self, *videos: str, operations: tuple[str, ...] = ()) -> AccessKey:
        return self.keys.create(f"{next(_accounts):012d}", Rights(operations, videos))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("console")
    for name in ("cctv/2026/a.mp4", "cctv/2026/b.mp4", "cctv/c.mp4", "archive/d.mp4"):
        path = data / "buckets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not a video")
    settings = {"max_video_bytes": UPLOAD_LIMIT, "upload_bucket": "incoming", "open_jobs": 1000}
    with (
        serving(data, **settings, starts_per_second=0) as server,
        closing(open_database(f"sqlite:///{data}/passerby.db")) as database,
    ):
        yield House(server, data, AccessKeys(database, open_key_file(data / "secret.key")))
