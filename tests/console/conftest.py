"""A real server, and users of its console."""

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

from .user import User

UPLOAD_LIMIT = 1_000_000

_accounts = count(1000)


@dataclass(frozen=True)
class ConsoleServer:
    """A running server with its data folder."""

    server: Running
    data: Path
    keys: AccessKeys

    def user(self, key: AccessKey | None = None) -> User:
        """A user who is logged in, with a key of an account of its own unless given."""
        user = self.anonymous()
        key = key or self.key()
        assert user.log_in(key.id, key.secret, key.session_token).status == 303
        return user

    def anonymous(self) -> User:
        return User(self.server.url)

    def key(self, *videos: str, operations: tuple[str, ...] = ()) -> AccessKey:
        return self.keys.create(f"{next(_accounts):012d}", Rights(operations, videos))


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
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
        yield ConsoleServer(server, data, AccessKeys(database, open_key_file(data / "secret.key")))
