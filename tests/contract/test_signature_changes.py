"""Requests that were changed after they were signed, on the wire of a real server.

One is accepted only if it still says what was signed: `meaning` reads that from the
bytes, in a few lines of its own.
"""

import itertools
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import Server
from .wire import (
    QUIET_SECONDS,
    UNSIGNED,
    Answer,
    answers,
    ask,
    judge,
    presigned,
    said,
    signed,
)

BODY = b'{"JobId":"0123456789"}'
TARGET = "/some/path/?MaxResults=10&NextToken="
COVERED = {b"host", b"x-amz-date", b"x-amz-target", b"content-type", b"authorization"}
# Their lines say where the request ends; `test_raw_http` is about these.
FRAMING = (b"Connection:", b"Content-Length:")

Form = Callable[[str, AccessKey, bytes, str], bytes]
forms = pytest.mark.parametrize("form", [signed, presigned], ids=["header", "presigned"])


@pytest.fixture(scope="module")
def server(patient_server: Server) -> Server:
    return patient_server


@pytest.fixture(scope="module")
def key(server: Server) -> AccessKey:
    return server.keys.create()


def head_and_body(request: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def joined(lines: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def meaning(request: bytes) -> object:
    """All that a signature covers, in one spelling."""
    lines, body = head_and_body(request)
    method, target, *_ = lines[0].split()
    path, _, query = target.partition(b"#")[0].partition(b"?")
    fields = [
        (name.lower(), value.replace(b",", b" ").split())
        for name, _, value in (x.partition(b":") for x in lines[1:])
    ]
    pairs = sorted(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return method, path, pairs, sorted(each for each in fields if each[0] in COVERED), body


def accepted(url: str, request: bytes, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether the signature was found good, whatever became of the request then."""
    found = answers(said(url, request, patience=patience))
    for answer in found:
        judge(answer)
    return any(_passed(answer) for answer in found)


def _passed(answer: Answer) -> bool:
    return answer.code not in UNSIGNED | {""} and answer.status in (200, 400)


def changes(request: bytes, masks: range | tuple[int, ...]) -> Iterator[bytes]:
    """The request with each byte changed in turn, each in so many ways."""
    lines, _ = head_and_body(request)
    edges = itertools.accumulate((len(line) + 2 for line in lines), initial=0)
    spared = {
        place
        for line, start in zip(lines, edges, strict=False)
        if line.startswith(FRAMING)
        for place in range(start - 2, start + len(line) + 2)
    }
    for place, mask in itertools.product(range(len(request)), masks):
        if place not in spared:
            yield request[:place] + bytes([request[place] ^ mask]) + request[place + 1 :]


def same_meaning(changed: bytes, request: bytes) -> bool:
    try:
        return meaning(changed) == meaning(request)
    except ValueError:
        return False


@forms
def test_any_byte_changed(server: Server, key: AccessKey, form: Form) -> None:
    thorough = settings.get_current_profile_name() == "long"
    request = form(server.url, key, BODY, TARGET)
    assert accepted(server.url, request)

    wrongly = [
        changed
        for changed in changes(request, range(1, 256) if thorough else (0x01, 0x20))
        if not same_meaning(changed, request) and accepted(server.url, changed, QUIET_SECONDS)
    ]

    assert wrongly == []


@forms
@given(data=st.data())
def test_headers_may_come_in_any_order_and_case(
    server: Server, key: AccessKey, form: Form, data: st.DataObject
) -> None:
    (first, *fields), body = head_and_body(form(server.url, key, BODY, TARGET))
    shuffled = data.draw(st.permutations(fields))
    spelled = [
        data.draw(st.sampled_from([bytes.upper, bytes.lower, bytes.title]))(name) + colon + value
        for name, colon, value in (line.partition(b":") for line in shuffled)
    ]

    assert accepted(server.url, joined([first, *spelled], body))


@forms
@given(data=st.data())
def test_lines_left_out_doubled_or_added(
    server: Server, key: AccessKey, form: Form, data: st.DataObject
) -> None:
    request = form(server.url, key, BODY, TARGET)
    (first, *fields), body = head_and_body(request)
    added = [b"Via: 1.1 a", b"X-Amz-Date: 20260101T000000Z", b"X-Amz-Security-Token: t"]
    added += [b"Authorization: AWS4-HMAC-SHA256", b"Host: elsewhere", b"X-Amz-Target: x"]
    covered = [line for line in fields if not line.startswith(FRAMING)]
    framing = [line for line in fields if line.startswith(FRAMING)]
    kept = data.draw(st.lists(st.sampled_from([*covered, *added]), max_size=8))
    changed = joined([first, *kept, *framing], body)

    same = sorted(line for line in kept if line != added[0]) == sorted(covered)

    assert accepted(server.url, changed) is same


def with_query(request: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    (first, *fields), body = head_and_body(request)
    method, target, version = first.split(b" ")
    path, _, query = target.partition(b"?")
    target = path + b"?" + b"&".join(change(query.split(b"&")))
    return joined([b" ".join([method, target, version]), *fields], body)


@forms
@given(data=st.data())
def test_the_query_taken_apart(
    server: Server, key: AccessKey, form: Form, data: st.DataObject
) -> None:
    request = form(server.url, key, BODY, TARGET)
    added = [b"X-Amz-Signature=" + b"0" * 64, b"X-Amz-Expires=604800", b"a=1", b"MaxResults=9"]
    added += [b"X-Amz-Algorithm=AWS4-HMAC-SHA256", b"X-Amz-Security-Token=t", b"%58-Amz-Date=1"]

    changed = with_query(
        request,
        lambda parts: data.draw(
            st.permutations(parts)
            | st.lists(st.sampled_from([*parts, *added]), max_size=12)
            | st.permutations([*parts, data.draw(st.sampled_from(added))])
        ),
    )

    assert accepted(server.url, changed) is same_meaning(changed, request)


@forms
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"POST ", b"PUT ", id="the method"),
        pytest.param(b"/some/path/", b"/some/", id="the path"),
        pytest.param(b"/some/path/", b"/some/%70ath/", id="the path spelled otherwise"),
        pytest.param(b"/some/path/?", b"/some/path/%3f", id="the query in the path"),
        pytest.param(b"MaxResults=10", b"MaxResults=1", id="a member in the query"),
        pytest.param(b"us-east-1", b"us-east-2", id="the region"),
        pytest.param(b"rekognition%2F", b"s3%2F", id="the service, presigned"),
        pytest.param(b"/rekognition/", b"/s3/", id="the service"),
        pytest.param(b"GetPersonTracking", b"StartPersonTracking", id="the operation"),
        pytest.param(b"Host: 127.0.0.1", b"Host: localhost", id="the host"),
        pytest.param(b"Expires=600", b"Expires=604800", id="a longer life"),
        pytest.param(b"0123456789", b"9876543210", id="the body"),
    ],
)
def test_another_text_in_its_place(
    server: Server, key: AccessKey, form: Form, old: bytes, new: bytes
) -> None:
    request = form(server.url, key, BODY, TARGET)

    changed = request.replace(old, new)

    assert accepted(server.url, changed) is (changed == request)


@forms
def test_a_signature_is_bound_to_its_key_and_its_request(
    server: Server, key: AccessKey, form: Form
) -> None:
    other = server.keys.create()
    first = form(server.url, key, BODY, TARGET)
    second = form(server.url, key, BODY.replace(b"0", b"1"), TARGET)

    assert not accepted(server.url, first.replace(key.id.encode(), other.id.encode()))
    assert not accepted(server.url, joined(head_and_body(first)[0], head_and_body(second)[1]))


@forms
def test_a_request_that_is_sent_again_is_answered_again(
    server: Server, key: AccessKey, form: Form
) -> None:
    request = form(server.url, key, BODY, TARGET)

    assert {ask(server.url, request).code for _ in range(3)} == {"ResourceNotFoundException"}
