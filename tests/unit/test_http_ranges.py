from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.dripping import dripping
from tests.waiting import wait_until
from urllib3.exceptions import HTTPError

from passerby.errors import VideoGone
from passerby.http_ranges import PinnedUrl, pin_of, pin_url, split_pinned_url

URL = "http://127.0.0.1:9000/cctv/a%23b.mp4?X-Amz-Signature=1"


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param('"5d41402abc4b2a76b9719d911017c592"', id="of one upload"),
        pytest.param('"5d41402abc4b2a76b9719d911017c592-12"', id="of an upload in parts"),
        pytest.param('""', id="empty"),
        pytest.param('"a#b%22 ü"', id="with what means something in a URL"),
    ],
)
def test_the_tag_comes_out_as_it_went_in(etag: str) -> None:
    assert split_pinned_url(pin_url(URL, etag)) == (URL, {"If-Match": etag})


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param("", id="none"),
        pytest.param('W/"5d41"', id="weak"),
        pytest.param("5d41", id="no tag at all"),
    ],
)
def test_what_cannot_be_asked_for_is_not_asked_for(etag: str) -> None:
    assert split_pinned_url(pin_url(URL, etag)) == (URL, {})


@pytest.mark.parametrize("source", [URL, f"{URL}#chapter-2", "video.mp4", ""])
def test_a_source_that_is_not_pinned(source: str) -> None:
    assert split_pinned_url(source) == (source.partition("#")[0], {})


def test_a_tag_adds_no_header() -> None:
    with pytest.raises(ValueError, match="printable"):
        split_pinned_url(f"{URL}#etag=%22%0D%0AX-Other: yes")


class RangeHandler(BaseHTTPRequestHandler):
    """Serves `CONTENT` under one entity tag, and redirects to it from elsewhere."""

    CONTENT = b"0123456789"
    ETAG = '"5d41"'

    def do_GET(self) -> None:
        if self.path != "/video":
            self._respond(302, b"", Location="/video")
        elif self.headers.get("If-Match", self.ETAG) != self.ETAG:
            self._respond(412, b"")
        elif start := self.headers.get("Range"):
            self._respond(206, self.CONTENT[int(start.removeprefix("bytes=").rstrip("-")) :])
        else:
            self._respond(200, self.CONTENT)

    def _respond(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_ignored: object) -> None:
        """Write nothing on standard error."""


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), RangeHandler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "etag", "byte_range", "status", "body"),
    [
        pytest.param("/video", "", None, 200, b"0123456789", id="the whole"),
        pytest.param("/video", "", "bytes=7-", 206, b"789", id="a part"),
        pytest.param("/video", RangeHandler.ETAG, "bytes=7-", 206, b"789", id="a pinned part"),
        pytest.param("/video", '"changed"', None, 412, b"", id="changed content"),
        pytest.param("/elsewhere", "", None, 302, b"", id="a redirect"),
    ],
)
def test_a_request(
    server_url: str, path: str, etag: str, byte_range: str | None, status: int, body: bytes
) -> None:
    with PinnedUrl(pin_url(f"{server_url}{path}", etag)) as url:
        response = url.get(byte_range)

        assert (response.status, response.read()) == (status, body)


def test_a_url_without_a_server() -> None:
    with PinnedUrl("http://127.0.0.1:9/video") as url, pytest.raises(HTTPError):
        url.get()


def test_a_path_is_not_tidied_up(server_url: str) -> None:
    with PinnedUrl(f"{server_url}/cctv/../video") as url:
        assert url.get().status == 302  # asked for as it is written, which is not /video


def test_size_and_time_come_out_as_they_went_in() -> None:
    pin = pin_of(pin_url(URL, 'W/"1"', 10, SECONDS))

    assert (pin.etag, pin.size_bytes, pin.modified) == ('W/"1"', 10, SECONDS)


MODIFIED = "Sun, 22 Nov 2026 01:04:05 GMT"
LATER = "Sun, 22 Nov 2026 01:04:06 GMT"
SECONDS = 1795309445  # date --date="2026-11-22 01:04:05Z" +%s
TAG, OTHER_TAG = '"5d41-2"', '"7e52-2"'


class Shop:
    """A store of one object of ten bytes, and how it takes entity tags."""

    def __init__(self, refusal: int | None, given: dict[str, str]) -> None:
        self.refusal = refusal  # status of the answer to any `If-Match`; None: it is ignored
        self.given = {"Content-Range": "bytes 0-9/10"} | given
        self.conditions: list[str | None] = []  # of the requests
        self.url = ""


class ShopHandler(BaseHTTPRequestHandler):
    shop: Shop

    def do_GET(self) -> None:
        shop, condition = self.shop, self.headers["If-Match"]
        shop.conditions.append(condition)
        refused = condition is not None and shop.refusal is not None
        self.send_response(shop.refusal or 0 if refused else 206)
        for name, value in ({} if refused else shop.given).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0" if refused else "10")
        self.end_headers()
        self.wfile.write(b"" if refused else b"0123456789")

    def log_message(self, *_ignored: object) -> None:
        """Write nothing on standard error."""


@contextmanager
def open_shop(refusal: int | None, given: dict[str, str]) -> Iterator[Shop]:
    shop = Shop(refusal, given)
    handler = type("OfShop", (ShopHandler,), {"shop": shop})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        shop.url = f"http://127.0.0.1:{server.server_port}/video"
        yield shop
        server.shutdown()


@pytest.mark.parametrize("refusal", [412, 400, 501])
def test_a_store_that_refuses_its_own_tag_is_asked_without_it(refusal: int) -> None:
    with (
        open_shop(refusal, {"ETag": TAG, "Last-Modified": MODIFIED}) as shop,
        PinnedUrl(pin_url(shop.url, TAG, 10, SECONDS)) as url,
    ):
        bodies = [url.get("bytes=0-").read() for _ in range(2)]

    assert url.refuses_own_tag
    assert bodies == [b"0123456789"] * 2
    assert shop.conditions == [TAG, None, None]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"ETag": OTHER_TAG, "Last-Modified": MODIFIED}, id="another tag"),
        pytest.param({"ETag": TAG, "Last-Modified": LATER}, id="another time"),
        pytest.param({"ETag": TAG, "Content-Range": "bytes 0-9/11"}, id="another size"),
        pytest.param({"Last-Modified": MODIFIED}, id="no tag that could prove it"),
    ],
)
def test_a_refusal_for_changed_content_counts(given: dict[str, str]) -> None:
    with (
        open_shop(412, given) as shop,
        PinnedUrl(pin_url(shop.url, TAG, 10, SECONDS)) as url,
    ):
        assert url.get("bytes=0-").status == 412

    assert not url.refuses_own_tag


def test_content_that_changes_after_a_groundless_refusal_is_noticed() -> None:
    with (
        open_shop(412, {"ETag": TAG, "Last-Modified": MODIFIED}) as shop,
        PinnedUrl(pin_url(shop.url, TAG, 10, SECONDS)) as url,
    ):
        url.get("bytes=0-").close()
        shop.given["ETag"] = OTHER_TAG
        with pytest.raises(VideoGone):
            url.get("bytes=0-")


@pytest.mark.parametrize(
    ("pinned", "given", "same"),
    [
        (TAG, {"ETag": TAG, "Last-Modified": LATER}, True),  # the same content stored anew
        (TAG, {"ETag": OTHER_TAG}, False),  # a store that ignores `If-Match`
        (TAG, {"ETag": TAG, "Content-Range": "bytes 0-9/11"}, False),
        ('W/"1"', {"ETag": 'W/"1"', "Last-Modified": MODIFIED}, True),
        ('W/"1"', {"ETag": 'W/"2"', "Last-Modified": MODIFIED}, False),
        ('W/"1"', {"ETag": 'W/"1"', "Last-Modified": LATER}, False),
        ("5d41", {"ETag": "5d41", "Last-Modified": MODIFIED}, True),
        ("5d41", {"ETag": '"5d41"', "Last-Modified": MODIFIED}, True),
        ("5d41", {"ETag": "7e52", "Last-Modified": MODIFIED}, False),
        ("", {"Last-Modified": MODIFIED}, True),
        ("", {"Last-Modified": LATER}, False),
        ("", {"Content-Range": "bytes 0-9/11"}, False),
        ("", {"Content-Range": "bytes 0-9/*"}, True),  # nothing that could be compared
    ],
)
def test_each_answer_is_compared(pinned: str, given: dict[str, str], same: bool) -> None:  # noqa: FBT001
    with (
        open_shop(None, given) as shop,
        PinnedUrl(pin_url(shop.url, pinned, 10, SECONDS)) as url,
    ):
        if same:
            assert url.get("bytes=0-").read() == b"0123456789"
        else:
            with pytest.raises(VideoGone):
                url.get("bytes=0-")


def test_a_response_that_never_begins_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.http_ranges.RESPONSE_SECONDS", 0.2)
    with dripping() as drips:
        with PinnedUrl(drips.url) as url, pytest.raises(HTTPError, match=r"within 0\.2 seconds"):
            url.get()

        wait_until(drips.dropped.is_set)
