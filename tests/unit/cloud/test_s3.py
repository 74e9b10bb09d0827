import hashlib
import pickle
import socket
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import boto3
import pytest
from botocore.client import BaseClient
from moto.server import ThreadedMotoServer
from tests.dripping import ask_dripping, dripping

from passerby.cloud import s3, s3_listing
from passerby.cloud.s3 import Place, head
from passerby.cloud.s3_listing import list_objects
from passerby.errors import (
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    SettingsError,
    StoreUnreachable,
)
from passerby.http_ranges import split_pinned_url

from .conftest import ScriptedStore, scripted_store

pytestmark = pytest.mark.usefixtures("credentials")

CONTENT = b"0123456789"
KEY = "2026/ü 人 + %20#1.mp4"
ETAG = '"781e5e245d69b566979b86e28d23f2c7"'  # MD5 of CONTENT
MODIFIED = "Sun, 22 Nov 2026 01:04:05 GMT"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def client(moto: str) -> BaseClient:
    """Of a store with an empty bucket "plain" and one that keeps versions."""
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    for name in ("plain", "versioned"):
        client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def place(moto: str) -> Place:
    return Place(endpoint_url=moto, region="us-east-1", path_style=True)


def read(location: str) -> bytes:
    url, headers = split_pinned_url(location)
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310
        return bytes(answer.read())


def test_an_object(client: BaseClient, place: Place) -> None:
    client.put_object(Bucket="plain", Key=KEY, Body=CONTENT)

    facts = head(place, "plain", KEY)

    assert facts.size_bytes == 10
    assert facts.modified
    assert abs((datetime.now(UTC) - facts.modified).total_seconds()) < 60
    assert split_pinned_url(facts.location)[1] == {"If-Match": ETAG}
    assert read(facts.location) == CONTENT


def test_a_version(client: BaseClient, place: Place) -> None:
    versions = [
        client.put_object(Bucket="versioned", Key=KEY, Body=body)["VersionId"]
        for body in (b"first", b"second")
    ]

    first, second = (head(place, "versioned", KEY, version) for version in versions)

    assert (read(first.location), read(second.location)) == (b"first", b"second")
    assert head(place, "versioned", KEY).size_bytes == len(b"second")
    assert first.fingerprint != second.fingerprint


def test_a_bucket_under_another_name(client: BaseClient, place: Place) -> None:
    client.put_object(Bucket="plain", Key="a.mp4", Body=CONTENT)
    renamed = Place(place.endpoint_url, place.region, place.path_style, bucket="plain")

    assert read(head(renamed, "cctv", "a.mp4").location) == CONTENT


def test_the_fingerprint_is_that_of_the_content(client: BaseClient, place: Place) -> None:
    def stored(body: bytes, key: str = "a.mp4") -> str:
        client.put_object(Bucket="plain", Key=key, Body=body)
        return head(place, "plain", key).fingerprint

    before = stored(CONTENT)

    assert len(before) == 64
    assert stored(CONTENT) == before
    assert stored(b"9876543210") != before
    assert stored(CONTENT, "b.mp4") != before


@pytest.mark.parametrize(
    ("bucket", "key", "version"),
    [
        pytest.param("plain", "absent.mp4", None, id="no such key"),
        pytest.param("nowhere", "a.mp4", None, id="no such bucket"),
        pytest.param("plain", "a.mp4", "8mZp3vQwGZ0W", id="no such version"),
        pytest.param("plain", "", None, id="no key"),
        pytest.param("", "a.mp4", None, id="no bucket"),
        pytest.param("plain/2026", "a.mp4", None, id="a slash in the bucket"),
        pytest.param("..", "a.mp4", None, id="dots as the bucket"),
    ],
)
@pytest.mark.usefixtures("client")
def test_what_is_not_there(place: Place, bucket: str, key: str, version: str | None) -> None:
    with pytest.raises(ObjectNotFound):
        head(place, bucket, key, version)


def test_a_deleted_object_of_a_bucket_that_keeps_versions(client: BaseClient, place: Place) -> None:
    client.put_object(Bucket="versioned", Key="gone.mp4", Body=CONTENT)
    client.delete_object(Bucket="versioned", Key="gone.mp4")

    with pytest.raises(ObjectNotFound):
        head(place, "versioned", "gone.mp4")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        pytest.param(400, ObjectNotFound, id="another region, or no version"),
        pytest.param(401, ObjectForbidden, id="unauthorised"),
        pytest.param(403, ObjectForbidden, id="forbidden"),
        pytest.param(404, ObjectNotFound, id="not found"),
        pytest.param(405, ObjectNotFound, id="a version that marks a deletion"),
        pytest.param(412, ObjectNotFound, id="precondition failed"),
        pytest.param(429, StoreUnreachable, id="too many requests"),
        pytest.param(500, StoreUnreachable, id="server error"),
        pytest.param(503, StoreUnreachable, id="slow down"),
    ],
)
def test_what_a_refusal_means(
    store: ScriptedStore,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    meaning: type[PasserbyError],
) -> None:
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    store.now(status)

    with pytest.raises(meaning) as refusal:
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    assert type(refusal.value) is meaning
    assert refusal.value.__cause__ is not None


def test_a_passing_error_is_sat_out(store: ScriptedStore) -> None:
    store.now(200, CONTENT, Last_Modified=MODIFIED)
    store.refusals = [503]

    assert head(Place(store.url, "eu-west-1"), "cctv", "a.mp4").size_bytes == 10
    assert len(store.asked) == 2


@pytest.mark.parametrize("status", [301, 307, 400])
def test_another_region_is_not_followed(store: ScriptedStore, status: int) -> None:
    store.now(status, x_amz_bucket_region="us-west-2", Location=f"{store.url}/elsewhere")

    with pytest.raises(PasserbyError):
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    ((method, path, headers),) = store.asked
    assert (method, path) == ("HEAD", "/cctv/a.mp4")
    assert "/eu-west-1/s3/" in headers["Authorization"]


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param({}, id="no entity tag"),
        pytest.param({"ETag": 'W/"1"'}, id="a weak one"),
    ],
)
def test_a_store_whose_content_cannot_be_pinned(store: ScriptedStore, etag: dict[str, str]) -> None:
    store.now(200, CONTENT, Last_Modified=MODIFIED, **etag)
    before = head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")
    store.now(200, CONTENT, Last_Modified="Sun, 22 Nov 2026 01:04:06 GMT", ETag='W/"2"')
    after = head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    assert split_pinned_url(before.location)[1] == {}
    assert before.fingerprint != after.fingerprint


def fingerprint(store: ScriptedStore, url: str | None = None) -> str:
    return head(Place(url or store.url, "eu-west-1"), "cctv", "a.mp4").fingerprint


def test_the_fingerprint_is_that_of_the_store(store: ScriptedStore) -> None:
    store.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
    before = fingerprint(store)

    with scripted_store() as other:
        other.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
        assert fingerprint(other) != before

    assert fingerprint(store) == before
    assert fingerprint(store, f"{store.url}/") == before


def test_a_job_that_was_accepted_before_the_store_counted(store: ScriptedStore) -> None:
    store.now(200, CONTENT, ETag='"1"', Last_Modified=MODIFIED)
    # By hand: printf '[[["Bucket", "cctv"], ["Key", "a.mp4"]], ["\\"1\\"", 10]]' | sha256sum
    stated = b'[[["Bucket", "cctv"], ["Key", "a.mp4"]], ["\\"1\\"", 10]]'

    facts = head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    assert facts.former_fingerprint == hashlib.sha256(stated).hexdigest()


def test_content_under_the_same_weak_tag(store: ScriptedStore) -> None:
    store.now(200, CONTENT, Last_Modified=MODIFIED, ETag='W/"1"')
    before = fingerprint(store)
    store.now(200, CONTENT, Last_Modified="Sun, 22 Nov 2026 01:04:06 GMT", ETag='W/"1"')

    assert fingerprint(store) != before


@pytest.mark.parametrize(
    ("status", "headers", "size"),
    [
        pytest.param(206, {"Content-Range": "bytes 0-0/1234"}, 1234, id="a part"),
        pytest.param(200, {"Content-Length": "10"}, 10, id="the whole"),
        pytest.param(416, {"Content-Range": "bytes */0"}, 0, id="nothing"),
    ],
)
def test_a_store_whose_head_tells_no_size(
    store: ScriptedStore, status: int, headers: dict[str, str], size: int
) -> None:
    store.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
    store.without_length = True
    store.for_get = (status, headers)

    assert head(Place(store.url, "eu-west-1"), "cctv", "a.mp4").size_bytes == size
    assert [(method, headers.get("Range")) for method, _, headers in store.asked] == [
        ("HEAD", None),
        ("GET", "bytes=0-0"),
    ]


@pytest.mark.parametrize("total", ["", "bytes 0-0/*", "bytes 0-0/many"])
def test_a_store_that_never_tells_the_size(store: ScriptedStore, total: str) -> None:
    store.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
    store.without_length = True
    store.for_get = (206, {"Content-Range": total} if total else {})

    with pytest.raises(StoreUnreachable):
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")


def test_a_store_that_tells_no_time(store: ScriptedStore) -> None:
    store.now(200, CONTENT, ETag=ETAG)

    assert head(Place(store.url, "eu-west-1"), "cctv", "a.mp4").modified is None


@pytest.mark.parametrize(
    "headers",
    [{"Last-Modified": "yesterday"}, {"Content-Length": "ten"}],
    ids=["no time", "no number"],
)
def test_a_store_that_answers_nonsense(store: ScriptedStore, headers: dict[str, str]) -> None:
    store.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
    store.headers |= headers

    with pytest.raises(StoreUnreachable):
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")


def test_half_a_character_names_nothing(store: ScriptedStore) -> None:
    with pytest.raises(ObjectNotFound):
        head(Place(store.url, "eu-west-1"), "cctv", "\ud800.mp4")

    assert store.asked == []


@pytest.mark.parametrize("status", [301, 307, 400])
def test_the_log_names_the_region_of_a_bucket(
    store: ScriptedStore, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    store.now(status, x_amz_bucket_region="us-west-2")

    with pytest.raises(PasserbyError):
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    assert "'a.mp4' in bucket 'cctv'" in caplog.text
    assert "in the region us-west-2" in caplog.text


def test_what_a_store_writes_stays_on_its_line(
    store: ScriptedStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.now(403, x_amz_bucket_region="\x9b2J\x85\xad")

    with pytest.raises(ObjectForbidden):
        head(Place(store.url, "eu-west-1"), "cctv", "a\x9b\u202e.mp4")

    assert all(line.isprintable() for line in caplog.messages)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda place: head(place, "cctv", "a.mp4"), id="HEAD"),
        pytest.param(lambda place: list_objects(place, "cctv", "", None, 10), id="a listing"),
    ],
)
def test_a_store_that_drips(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[Place], object]
) -> None:
    monkeypatch.setattr(s3, "TOTAL_SECONDS", 0.3)
    monkeypatch.setattr(s3_listing, "TOTAL_SECONDS", 0.3)

    with dripping() as drips:

        def ask_in_vain() -> None:
            with pytest.raises(StoreUnreachable):
                ask(Place(drips.url, "eu-west-1", path_style=True))

        ask_dripping(drips, ask_in_vain)


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(StoreUnreachable):
        head(Place(f"http://127.0.0.1:{port}", "eu-west-1"), "cctv", "a.mp4")


def test_without_credentials(store: ScriptedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(ObjectForbidden):
        head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")

    assert store.asked == []


def test_a_profile_that_does_not_exist(store: ScriptedStore) -> None:
    with pytest.raises(SettingsError, match="nobody"):
        head(Place(store.url, profile="nobody"), "cctv", "a.mp4")


def test_the_location_is_not_shown(store: ScriptedStore, caplog: pytest.LogCaptureFixture) -> None:
    store.now(200, CONTENT, ETag=ETAG, Last_Modified=MODIFIED)
    facts = head(Place(store.url, "eu-west-1"), "cctv", "a.mp4")
    store.now(404)
    with pytest.raises(ObjectNotFound):
        head(Place(store.url, "eu-west-1"), "cctv", "no\nsuch")

    assert "Signature" in facts.location
    assert "Signature" not in repr(facts)
    assert "Signature" not in caplog.text
    assert r"'no\nsuch' in bucket 'cctv'" in caplog.text


def test_a_place_can_be_sent_to_another_process(place: Place) -> None:
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301
