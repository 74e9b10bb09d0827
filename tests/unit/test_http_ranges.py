from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from urllib3.exceptions import HTTPError

from passerby.http_ranges import PinnedUrl, pin_url, split_pinned_url

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
