import os
import ssl
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from passerby.errors import VideoGone
from passerby.http_ranges import pin_url
from passerby.testing import moving_boxes, write_clip
from passerby.video import remote
from passerby.video.decode import decode
from passerby.video.remote import RemoteFile

FRAMES = 30
ETAG = '"1"'


@dataclass
class Shelf:
    """What a server holds, how it fails, and what it was asked."""

    content: bytes
    etag: str = ETAG
    changes_after: int = 1 << 30  # requests; from then on the content has another tag
    refusals: list[int] = field(default_factory=list)  # statuses that come first
    breaks: int = 0  # how many answers break off after half of what is left
    largest_part: int = 1 << 30  # bytes given at a time, whatever is asked for
    gives_whole: bool = False  # with 200, where the whole was asked for as a part
    asked: list[dict[str, str]] = field(default_factory=list)

    def answers(self, wanted: str | None) -> int:
        if self.refusals:
            return self.refusals.pop(0)
        current = self.etag if len(self.asked) <= self.changes_after else '"changed"'
        return 206 if wanted in (None, current) else 412


class Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        shelf.asked.append(dict(self.headers))
        status = shelf.answers(self.headers["If-Match"])
        if status != 206:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        total = len(shelf.content)
        end = min(total, start + shelf.largest_part)
        self.send_response(200 if shelf.gives_whole and start == 0 else 206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        end = end if shelf.breaks <= 0 else start + (end - start) // 2
        shelf.breaks -= 1
        self.wfile.write(shelf.content[start:end])

    def log_message(self, *_ignored: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def served(shelf: Shelf, certificate: Path | None = None) -> Iterator[str]:
    handler = type("OfShelf", (Handler,), {"shelf": shelf})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        scheme = "https" if certificate else "http"
        yield f"{scheme}://127.0.0.1:{server.server_port}/clip.mp4?X-Amz-Signature=secret"
        server.shutdown()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(clip, moving_boxes(FRAMES)).read_bytes()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSES_S", (0, 0))


def test_each_request_asks_for_the_same_content(content: bytes) -> None:
    shelf = Shelf(content, breaks=1)

    with served(shelf) as url:
        assert len(list(decode(pin_url(url, ETAG)))) == FRAMES

    assert len(shelf.asked) > 1
    assert {headers["If-Match"] for headers in shelf.asked} == {ETAG}


def test_what_is_not_pinned_is_asked_for_as_it_is(content: bytes) -> None:
    shelf = Shelf(content)

    with served(shelf) as url:
        assert len(list(decode(url))) == FRAMES

    assert all("If-Match" not in headers for headers in shelf.asked)


@pytest.mark.parametrize("requests", [0, 1])
def test_a_content_that_changed_is_not_read(content: bytes, requests: int) -> None:
    shelf = Shelf(content, changes_after=requests, breaks=1)

    with served(shelf) as url, pytest.raises(VideoGone):
        list(decode(pin_url(url, ETAG)))

    # Once more without `If-Match`: some servers refuse it for no reason.
    assert len(shelf.asked) == requests + 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(content: bytes, status: int) -> None:
    shelf = Shelf(content, refusals=[status])

    with served(shelf) as url, pytest.raises(VideoGone):
        list(decode(url))

    assert len(shelf.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(content: bytes, status: int) -> None:
    with served(Shelf(content, refusals=[status])) as url:
        assert len(list(decode(url))) == FRAMES


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_final(content: bytes, status: int) -> None:
    shelf = Shelf(content, refusals=[status])

    with served(shelf) as url, pytest.raises(VideoGone):
        list(decode(url))

    assert len(shelf.asked) == 1


def test_a_part_that_is_the_whole_may_be_given_as_the_whole(content: bytes) -> None:
    shelf = Shelf(content, gives_whole=True)

    with served(shelf) as url:
        assert len(list(decode(url))) == FRAMES


def test_a_connection_that_breaks_off_is_taken_up(content: bytes) -> None:
    shelf = Shelf(content, breaks=3)

    with served(shelf) as url:
        assert len(list(decode(pin_url(url, ETAG)))) == FRAMES

    assert len(shelf.asked) > 3


def test_a_server_that_gives_less_than_was_asked_for(content: bytes) -> None:
    shelf = Shelf(content, largest_part=2000)

    with served(shelf) as url:
        assert len(list(decode(url))) == FRAMES

    assert len(shelf.asked) >= len(content) // 2000


def test_bytes_from_anywhere(content: bytes) -> None:
    with served(Shelf(content, largest_part=5000)) as url, closing(RemoteFile(url)) as file:
        for start, count in [(0, 10), (4000, 10), (4990, 3000), (20, 7), (len(content) - 5, 99)]:
            assert file.seek(start) == start
            assert everything(file, count) == content[start : start + count]
            assert file.tell() == min(start + count, len(content))
        assert file.seek(-3, os.SEEK_END) == len(content) - 3
        assert file.seek(2, os.SEEK_CUR) == len(content) - 1
        assert file.read(9) == content[-1:]
        assert file.seek(100, os.SEEK_CUR) == len(content) + 100
        assert file.read(9) == b""


def everything(file: RemoteFile, count: int) -> bytes:
    """Read until there are `count` bytes, or no more."""
    found = b""
    while chunk := file.read(count - len(found)):
        found += chunk
    return found


def test_an_empty_content() -> None:
    with served(Shelf(b"", refusals=[416])) as url, closing(RemoteFile(url)) as file:
        assert file.read(1) == b""


def test_a_content_that_grows_is_another(content: bytes) -> None:
    shelf = Shelf(content, largest_part=1000)

    with served(shelf) as url, closing(RemoteFile(url)) as file:
        shelf.content += b"more"
        file.seek(5000)
        with pytest.raises(VideoGone):
            file.read(1)


@pytest.mark.parametrize("status", [403, 503])
def test_no_error_tells_the_signature(content: bytes, status: int) -> None:
    with served(Shelf(content, refusals=[status] * 9)) as url, pytest.raises(VideoGone) as failure:
        list(decode(url))

    assert "secret" not in "".join(traceback.format_exception(failure.value))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate of this machine, signed by itself, and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "store.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_a_server_that_cannot_prove_who_it_is(content: bytes, certificate: Path) -> None:
    shelf = Shelf(content)

    with served(shelf, certificate) as url, pytest.raises(VideoGone):
        list(decode(url))

    assert shelf.asked == []


def test_a_server_that_the_system_trusts(
    content: bytes, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with served(Shelf(content), certificate) as url:
        assert len(list(decode(url))) == FRAMES


def noise(count: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures that no codec makes small: what is read ahead at first is not all of them."""
    random = np.random.default_rng(1)
    return (random.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(count))


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "avi"])
def test_a_server_that_refuses_to_go_on_ends_no_video(tmp_path: Path, container: str) -> None:
    first_index = {"movflags": "faststart"} if container == "mp4" else {}
    clip = write_clip(tmp_path / f"a.{container}", noise(FRAMES), container_options=first_index)
    shelf = Shelf(clip.read_bytes(), changes_after=1, breaks=1)

    with served(shelf) as url, pytest.raises(VideoGone):
        list(decode(pin_url(url, ETAG)))

    assert len(shelf.asked) == 3
