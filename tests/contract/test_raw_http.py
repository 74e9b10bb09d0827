"""Whatever is said over a socket: each answer is a declared one, and the server goes on."""

import itertools
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import Server
from .wire import (
    NO_REQUEST,
    QUIET_SECONDS,
    Answer,
    answers,
    ask,
    judge,
    said,
    signed,
)

BODY = b'{"JobId":"0123456789","MaxResults":10}'
FOUND = "ResourceNotFoundException"  # of a request that was understood
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module", autouse=True)
def server(patient_server: Server) -> Iterator[Server]:
    yield patient_server
    key = patient_server.keys.create()
    assert ask(patient_server.url, signed(patient_server.url, key, BODY)).code == FOUND


@pytest.fixture(scope="module")
def key(server: Server) -> AccessKey:
    return server.keys.create()


@pytest.fixture(scope="module")
def request_bytes(server: Server, key: AccessKey) -> bytes:
    return signed(server.url, key, BODY)


@pytest.fixture(autouse=True)
def no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def judged(received: bytes) -> list[Answer]:
    """All answers, each refusal among them a declared one."""
    found = answers(received)
    for answer in found:
        if answer.status != 200:  # of health, figures and description; none is signed here
            judge(answer)
    return found


ODD_BYTES = st.sampled_from(
    [b"", b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b",", b"%00", b"\xff", b"?"]
)
NOISE = ODD_BYTES | st.binary(max_size=40)
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 30), NOISE), min_size=1, max_size=4
)


@given(edits=EDITS)
def test_a_request_with_pieces_taken_out_and_put_in(
    server: Server, request_bytes: bytes, edits: list[tuple[float, int, bytes]]
) -> None:
    changed = request_bytes
    for place, length, noise in edits:
        start = int(place * len(changed))
        changed = changed[:start] + noise + changed[start + length :]

    judged(said(server.url, changed, patience=QUIET_SECONDS))


LINES = st.sampled_from(
    [
        b"Host: elsewhere",
        b"Host:",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: gzip, chunked",
        b"Expect: 100-continue",
        b"Connection: close",
        b"Connection: keep-alive, Upgrade",
        b"Upgrade: websocket",
        b"Upgrade: h2c",
        b"X-Amz-Target: RekognitionService.GetPersonTracking",
        b"X-Amz-Target: RekognitionService.DeleteEverything",
        b"X-Amz-Date: 20260229T250000Z",
        b"X-Amz-Date: 99991231T235959Z",
        b"Authorization: Basic eDp5",
        b"Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0",
        b"Authorization: AWS4-HMAC-SHA256 " + b"=," * 500,
        b"Content-Encoding: gzip",
        b" folded",
        b"Name : value",
        b": no name",
        b"no colon",
        b"Cookie: " + b"a" * 8000,
    ]
)
ANY_LINES = st.lists(LINES | st.binary(max_size=30), max_size=8)
METHODS = [b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI", b"post", b""]
TARGETS = [
    b"/",
    b"*",
    b"//",
    b"/../../etc/passwd",
    b"/%zz%00%ff",
    b"/?" + b"&" * 300,
    b"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%00/20260101/r/rekognition/aws4_request",
    b"http://elsewhere/",
    b"http://",
    b"elsewhere:443",
    b"/\xe4",
    b"/#fragment",
    b"/openapi.json",
    b"/metrics",
    b"/healthz",
]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"ICY/1.1", b""]


@given(
    method=st.sampled_from(METHODS),
    target=st.sampled_from(TARGETS) | st.binary(max_size=20),
    version=st.sampled_from(VERSIONS),
    lines=ANY_LINES,
    body=st.binary(max_size=60),
)
def test_a_head_of_odd_parts(
    server: Server, method: bytes, target: bytes, version: bytes, lines: list[bytes], body: bytes
) -> None:
    assume(method != b"HEAD")  # whose answers have a length and no body
    head = b"\r\n".join([b" ".join([method, target, version]), *lines])

    for answer in judged(said(server.url, head + b"\r\n\r\n" + body, patience=QUIET_SECONDS)):
        assert answer.status != 200 or method in (b"GET", b"CONNECT")


@given(noise=st.binary(min_size=1, max_size=300))
def test_noise(server: Server, noise: bytes) -> None:
    judged(said(server.url, noise + b"\r\n\r\n", patience=QUIET_SECONDS))


def reframed(request: bytes, framing: bytes, body: bytes) -> bytes:
    """The request with another statement of its length, and another body."""
    head = request.partition(b"\r\n\r\n")[0]
    kept = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*kept, framing, b"", body])


LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
ONE_CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(LENGTH + b"\r\n" + LENGTH, BODY, id="two equal lengths"),
        pytest.param(LENGTH + b"\r\nContent-Length: 1", BODY, id="two lengths"),
        pytest.param(LENGTH + b"\r\n" + CHUNKED, ONE_CHUNK, id="a length and chunks"),
        pytest.param(CHUNKED + b"\r\n" + LENGTH, ONE_CHUNK, id="chunks and a length"),
        pytest.param(b"Content-Length: -5", BODY, id="a negative length"),
        pytest.param(b"Content-Length: +38", BODY, id="a length with a sign"),
        pytest.param(b"Content-Length: 0x26", BODY, id="a hexadecimal length"),
        pytest.param(b"Content-Length: 38, 38", BODY, id="a list of lengths"),
        pytest.param(b"Content-Length: " + b"9" * 30, BODY, id="a length beyond 64 bits"),
        pytest.param(b"Content-Length:\r\n 38", BODY, id="a folded length"),
        pytest.param(b"Content-Length : 38", BODY, id="a blank before the colon"),
        pytest.param(b"Transfer-Encoding: gzip", BODY, id="an encoding without an end"),
        pytest.param(b"Transfer-Encoding: chunked, gzip", ONE_CHUNK, id="chunks inside"),
        pytest.param(b"Transfer-Encoding: xchunked", ONE_CHUNK, id="an unheard-of encoding"),
        pytest.param(CHUNKED, b"zz\r\n", id="a chunk without a size"),
        pytest.param(CHUNKED, b"-1\r\n" + BODY, id="a negative chunk"),
        pytest.param(CHUNKED, b"0x26\r\n" + BODY, id="a chunk size with a prefix"),
        pytest.param(CHUNKED, b"f" * 17 + b"\r\n" + BODY, id="a chunk beyond 64 bits"),
        pytest.param(CHUNKED, b"1\r\n" + BODY, id="a chunk longer than its size"),
        pytest.param(CHUNKED, b"\r\n" + ONE_CHUNK, id="an empty line before a chunk"),
    ],
)
def test_whoever_disagrees_with_a_proxy_on_a_length_is_refused(
    server: Server, request_bytes: bytes, framing: bytes, body: bytes
) -> None:
    answer = ask(server.url, reframed(request_bytes, framing, body))

    assert (answer.status, answer.body) == (400, NO_REQUEST[0])


@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=6), sizes=st.lists(st.sampled_from("xX")))
def test_chunks_make_no_difference(
    server: Server, request_bytes: bytes, cuts: list[int], sizes: list[str]
) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    chunks = [BODY[start:end] for start, end in itertools.pairwise(edges) if end > start]
    forms = iter([*sizes, *["x"] * len(chunks)])
    framed = b"".join(
        format(len(chunk), "04" + next(forms)).encode() + b"\r\n" + chunk + b"\r\n"
        for chunk in chunks
    )

    assert ask(server.url, reframed(request_bytes, CHUNKED, framed + b"0\r\n\r\n")).code == FOUND


@given(places=st.lists(st.floats(0, 1), max_size=5))
def test_pieces_make_no_difference(
    server: Server, request_bytes: bytes, places: list[float]
) -> None:
    cuts = sorted(int(place * len(request_bytes)) for place in places)
    edges = [0, *cuts, len(request_bytes)]
    pieces = [request_bytes[a:b] for a, b in itertools.pairwise(edges)]

    assert ask(server.url, *pieces).code == FOUND


def test_requests_on_the_heels_of_each_other(server: Server, request_bytes: bytes) -> None:
    staying = request_bytes.replace(b"Connection: close", b"Connection: keep-alive")

    found = judged(said(server.url, staying * 20 + request_bytes, patience=PATIENCE_SECONDS))

    assert [answer.code for answer in found] == [FOUND] * 21
    assert len({answer.headers["x-amzn-requestid"] for answer in found}) == 21


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_an_endless_body_is_not_kept(
    server: Server, request_bytes: bytes, *, chunked: bool
) -> None:
    mebibyte = bytes(2**20)
    framing = CHUNKED if chunked else b"Content-Length: %d" % (64 * 2**20)
    piece = b"%x\r\n%s\r\n" % (len(mebibyte), mebibyte) if chunked else mebibyte
    end = b"0\r\n\r\n" if chunked else b""
    before = resident_bytes()

    answer = ask(server.url, reframed(request_bytes, framing, b""), *[piece] * 64, end)

    assert answer.code == "RequestEntityTooLargeException"
    assert resident_bytes() - before < 24 * 2**20


def resident_bytes() -> int:
    """Memory of this process, which is the server's, too."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def test_many_who_say_nothing_keep_nobody_waiting(server: Server, request_bytes: bytes) -> None:
    parts = urlsplit(server.url)
    with ExitStack() as open_connections:
        for _ in range(50):
            client = socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS)
            open_connections.enter_context(client)
            client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n")

        assert ask(server.url, request_bytes).code == FOUND


def test_the_judge_can_tell(server: Server, request_bytes: bytes) -> None:
    good = ask(server.url, request_bytes)
    wrong = json.loads(good.body) | {"__type": "SomethingElse", "Code": "SomethingElse"}

    with pytest.raises(AssertionError):
        judge(Answer(400, good.headers, json.dumps(wrong).encode()))
    with pytest.raises(AssertionError):
        judge(Answer(500, good.headers, good.body))
