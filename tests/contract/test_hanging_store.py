"""A store that hangs: whoever does not need it goes on."""

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.api.turns import CALLS_OF_ACCOUNT
from passerby.cloud.objects import FolderBuckets, ObjectFacts

from .conftest import OPEN_JOB_LIMIT, Server, a_walk, connect, serving

STARTS = 44  # at once
GOOD = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
HANGING = {"S3Object": {"Bucket": "hanging", "Name": "monday.mp4"}}


class HangingStore:
    """The bucket `hanging` does not answer until it is released; others are folders."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self._folders = FolderBuckets(root)
        self.release = threading.Event()
        self.asked = threading.Semaphore(0)

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        if bucket == "hanging":
            self.asked.release()
            assert self.release.wait(PATIENCE_SECONDS)
        return self._folders.head("lobby", key, version)


@pytest.fixture
def store(tmp_path: Path) -> HangingStore:
    return HangingStore(tmp_path / "buckets")


@pytest.fixture
def hanging_server(store: HangingStore, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, objects=store) as server:
        yield server


def client_of(server: Server, account_id: str) -> BaseClient:
    key = server.keys.create(account_id)
    return connect(server.url, key.id, key.secret, max_pool_connections=STARTS)


def started(client: BaseClient) -> str:
    """Start an analysis of a video in the hanging bucket; gives the error's code, or "OK"."""
    try:
        client.start_person_tracking(Video=HANGING)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


def health(url: str) -> bytes:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().read()


@contextmanager
def releasing(store: HangingStore) -> Iterator[None]:
    """Let the store answer in the end, whatever happens: its callers are waited for."""
    try:
        yield
    finally:
        store.release.set()


def test_what_does_not_need_the_store_is_answered_while_starts_hang(
    hanging_server: Server, store: HangingStore
) -> None:
    one, other = (client_of(hanging_server, account) for account in ("1" * 12, "2" * 12))
    known = one.start_person_tracking(Video=GOOD)["JobId"]
    hanging_server.finish(known, a_walk(3))

    with ThreadPoolExecutor(STARTS) as clients, releasing(store):
        hung = [clients.submit(started, one) for _ in range(STARTS)]
        for _ in range(CALLS_OF_ACCOUNT):
            assert store.asked.acquire(timeout=PATIENCE_SECONDS)

        assert health(hanging_server.url) == b"ok"
        assert len(one.get_person_tracking(JobId=known)["Persons"]) == 3
        assert other.start_person_tracking(Video=GOOD)["JobId"]
        # The account's own share is full: the rest is told to come again.
        wait_until(lambda: sum(each.done() for each in hung) == STARTS - CALLS_OF_ACCOUNT)
        assert {each.result() for each in hung if each.done()} == {"ThrottlingException"}
        store.release.set()
        answers = [each.result() for each in hung]

    assert answers.count("OK") == OPEN_JOB_LIMIT
    assert answers.count("LimitExceededException") == CALLS_OF_ACCOUNT - OPEN_JOB_LIMIT
    assert not store.asked.acquire(blocking=False)  # nobody else was let in
