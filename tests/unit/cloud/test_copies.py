import errno
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passerby.cloud import copies
from passerby.cloud.copies import local_copy, supports_ranges
from passerby.cloud.objects import ObjectFacts
from passerby.errors import PasserbyError, StoreUnreachable, TooLittleSpace, VideoGone
from passerby.http_ranges import pin_url

from .conftest import ScriptedStore

CONTENT = bytes(range(256)) * 10_000  # more than two chunks


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "PAUSE_SECONDS", 0)


def facts(store: ScriptedStore, size: int = len(CONTENT)) -> ObjectFacts:
    location = pin_url(f"{store.url}/cctv/a.mp4?X-Amz-Signature=1", '"1"')
    return ObjectFacts(size, datetime.now(UTC), "0" * 64, location)


def nothing() -> None:
    """Take note of nothing."""


def test_a_file_gives_parts() -> None:
    assert supports_ranges("/buckets/cctv/a.mp4")


@pytest.mark.parametrize(
    ("status", "given"),
    [
        pytest.param(206, True, id="the part"),
        pytest.param(200, False, id="the whole"),
        pytest.param(416, True, id="an empty object"),
    ],
)
def test_whether_a_store_gives_parts(store: ScriptedStore, status: int, given: bool) -> None:  # noqa: FBT001
    store.now(status, CONTENT)

    assert supports_ranges(facts(store).location) is given
    ((method, path, headers),) = store.asked
    assert (method, path) == ("GET", "/cctv/a.mp4?X-Amz-Signature=1")
    assert headers["Range"] == "bytes=0-0"
    assert headers["If-Match"] == '"1"'


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        pytest.param(302, StoreUnreachable, id="redirected"),
        pytest.param(403, VideoGone, id="forbidden"),
        pytest.param(404, VideoGone, id="deleted"),
        pytest.param(412, VideoGone, id="changed"),
        pytest.param(429, StoreUnreachable, id="too many requests"),
        pytest.param(503, StoreUnreachable, id="slow down"),
    ],
)
def test_what_a_refusal_means(
    store: ScriptedStore, tmp_path: Path, status: int, meaning: type[PasserbyError]
) -> None:
    store.now(status, Location=f"{store.url}/elsewhere")

    with pytest.raises(meaning):
        supports_ranges(facts(store).location)
    with pytest.raises(meaning), local_copy(facts(store), tmp_path / "copy", nothing):
        pytest.fail("there is no copy")

    assert {path for _, path, _ in store.asked} == {"/cctv/a.mp4?X-Amz-Signature=1"}


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(StoreUnreachable):
        supports_ranges(f"http://127.0.0.1:{port}/cctv/a.mp4")


@pytest.mark.parametrize("content", [CONTENT, b""], ids=["some", "empty"])
def test_a_copy_lasts_as_long_as_the_block(
    store: ScriptedStore, tmp_path: Path, content: bytes
) -> None:
    store.now(200, content)
    folder = tmp_path / "copies" / "job"

    with local_copy(facts(store, len(content)), folder, nothing) as path:
        assert path.read_bytes() == content
        assert store.asked[0][2]["If-Match"] == '"1"'
        assert "Range" not in store.asked[0][2]

    assert not folder.exists()


def test_what_a_killed_worker_left_is_removed(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "half").touch()

    with local_copy(facts(store), tmp_path / "job", nothing) as path:
        assert list(path.parent.iterdir()) == [path]


def test_a_copy_is_gone_after_an_error(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT)

    with pytest.raises(ZeroDivisionError), local_copy(facts(store), tmp_path / "job", nothing):
        raise ZeroDivisionError

    assert not (tmp_path / "job").exists()


def test_copying_ends_when_it_is_not_wanted_any_more(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError), local_copy(facts(store), tmp_path / "job", stop):
        pytest.fail("there is no copy")

    assert not (tmp_path / "job").exists()


def test_a_connection_that_breaks_off_is_tried_again(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT)
    store.refusals = [503, 500]

    with local_copy(facts(store), tmp_path / "job", nothing) as path:
        assert path.read_bytes() == CONTENT
    assert len(store.asked) == 3


@pytest.mark.parametrize(
    ("content", "length", "meaning"),
    [
        pytest.param(CONTENT[:-1], len(CONTENT) - 1, StoreUnreachable, id="a byte too few"),
        pytest.param(CONTENT + b"0", len(CONTENT) + 1, VideoGone, id="a byte too many"),
    ],
)
def test_a_copy_has_the_size_that_was_told(
    store: ScriptedStore,
    tmp_path: Path,
    content: bytes,
    length: int,
    meaning: type[PasserbyError],
) -> None:
    store.now(200, content, Content_Length=str(length))

    with pytest.raises(meaning), local_copy(facts(store), tmp_path / "job", nothing):
        pytest.fail("there is no copy")


def test_a_body_cut_short_is_no_copy(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT[:1000], Content_Length=str(len(CONTENT)), Connection="close")

    with pytest.raises(StoreUnreachable), local_copy(facts(store), tmp_path / "job", nothing):
        pytest.fail("there is no copy")

    assert len(store.asked) == copies.ATTEMPTS


def test_a_copy_that_would_not_fit_is_not_begun(store: ScriptedStore, tmp_path: Path) -> None:
    with (
        pytest.raises(TooLittleSpace),
        local_copy(facts(store, size=1 << 62), tmp_path / "job", nothing),
    ):
        pytest.fail("there is no copy")

    assert store.asked == []
    assert not (tmp_path / "job").exists()


def test_a_disk_that_fills_meanwhile(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT)

    def fill() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TooLittleSpace), local_copy(facts(store), tmp_path / "job", fill):
        pytest.fail("there is no copy")


def test_a_groundless_refusal_is_told_once(
    store: ScriptedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.now(200, CONTENT, ETag='"1"')
    store.refuses_conditions = True

    assert not supports_ranges(facts(store).location)
    with local_copy(facts(store), tmp_path / "job", nothing) as path:
        assert path.read_bytes() == CONTENT

    (line,) = caplog.messages
    assert f"the store {store.url} refuses If-Match with its own entity tag" in line
    assert "Signature" not in line


def test_content_of_another_tag_is_no_copy(store: ScriptedStore, tmp_path: Path) -> None:
    store.now(200, CONTENT, ETag='"2"')

    with pytest.raises(VideoGone), local_copy(facts(store), tmp_path / "job", nothing):
        pytest.fail("there is no copy")
