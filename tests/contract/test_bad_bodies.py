"""Signed requests whose body is no JSON, hardly any, or more than it seems."""

import base64
import gzip
import json
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passerby.access.keys import AccessKey

from .conftest import Server, a_walk
from .wire import FITTING, NOT_FITTING, NOT_JSON, OPERATIONS, UNDERSTOOD, members, post

by_operation = pytest.mark.parametrize("name", OPERATIONS)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


@pytest.fixture(scope="module")
def key(server: Server) -> AccessKey:
    return server.keys.create()


@pytest.fixture(scope="module", autouse=True)
def server_goes_on(server: Server, key: AccessKey) -> Iterator[None]:
    yield
    for name in OPERATIONS:
        assert post(server.url, key, name, FITTING[name]).code == UNDERSTOOD[name]


ODD_NUMBERS = st.sampled_from(
    [
        *("0", "-0", "1", "1.0", "1e2", "1E+2", "2147483648", "1e400", "-1e400", "1e-400"),
        *("01", "+1", ".5", "1.", "0x1", "NaN", "Infinity", "-Infinity"),
        *("9" * 5000, "-" + "9" * 400, "0." + "3" * 5000),
    ]
)
ODD_STRINGS = st.sampled_from(
    [
        r'"\u0000"',
        r'"\ud800"',
        r'"\udc00\ud800"',
        r'"\ud83d\ude00"',
        r'"\x41"',
        r'"\u00"',
        '"\n"',
        '"\t"',
        '"\x7f"',
        "'a'",
        '"../../etc/passwd"',
        '"a',
        '"' + "a" * 3000 + '"',
    ]
)
WORDS = st.sampled_from(["null", "true", "True", "nul", "//", "[]", "{}", *"[{]},:"])
SPELLED_ONE_WAY = 58  # characters of a page token's 60; of the next, base64 reads some bits only
KNOWN = sorted({path[-1] for name in OPERATIONS for path, _ in members(name)})
NAMES = st.sampled_from([f'"{name}"' for name in KNOWN]) | ODD_STRINGS


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects in which names may come twice."""
    pairs = st.lists(st.tuples(NAMES, values).map(": ".join), max_size=5)
    return pairs.map(lambda parts: "{" + ", ".join(parts) + "}")


VALUES = st.recursive(
    ODD_NUMBERS | ODD_STRINGS | WORDS | TEXTS.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]") | objects(inner)
    ),
    max_leaves=8,
)


@by_operation
@given(text=objects(VALUES) | VALUES)
def test_texts_that_look_like_json(server: Server, key: AccessKey, name: str, text: str) -> None:
    assert post(server.url, key, name, text.encode()).code in codes(text.encode())


@by_operation
@given(damage=st.binary(min_size=1, max_size=6), place=st.floats(0, 1, exclude_max=True))
def test_a_body_with_damage(
    server: Server, key: AccessKey, name: str, damage: bytes, place: float
) -> None:
    whole = json.dumps(FITTING[name]).encode()
    start = int(place * len(whole))
    body = whole[:start] + damage + whole[start + len(damage) :]

    assert post(server.url, key, name, body).code in codes(body)


def codes(body: bytes) -> set[str]:
    """What may be said to a body: of what Python's JSON cannot read as an object, one thing."""
    try:
        read = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {NOT_JSON}
    others = {NOT_FITTING, "InvalidParameterException", *UNDERSTOOD.values()}
    return {NOT_JSON, *others} if isinstance(read, dict) else {NOT_JSON}


def _refuse(constant: str) -> None:
    raise ValueError(constant)


WHOLE = json.dumps(FITTING["GetPersonTracking"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 30_000, id="opened 30,000 times"),
        pytest.param(b'{"a":' * 6_000, id="objects opened 6,000 times"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE.encode(), id="a byte order mark"),
        pytest.param(WHOLE.encode("utf-16"), id="UTF-16"),
        pytest.param(WHOLE.encode("utf-32-le"), id="UTF-32"),
        pytest.param(gzip.compress(WHOLE.encode(), mtime=0), id="packed"),
        pytest.param(b"\xa1eJobIdaj", id="CBOR"),
        pytest.param(b"\x81\xa5JobId\xa1j", id="MessagePack"),
        pytest.param(b"JobId=j&MaxResults=1", id="a form"),
        pytest.param(b"<JobId>j</JobId>", id="XML"),
        pytest.param(WHOLE.encode() + b"}", id="one bracket too many"),
        pytest.param(WHOLE.encode() * 2, id="two objects"),
        pytest.param(WHOLE.encode() + b"\0", id="a zero byte behind"),
        pytest.param(b'{"JobId":"\xc0\xaf"}', id="UTF-8 that is too long"),
        pytest.param(b'{"JobId":"\xed\xa0\x80"}', id="half a character in UTF-8"),
        pytest.param(b'{"JobId":"j","JobId":1}', id="a name twice, wrong the second time"),
    ],
)
def test_what_is_no_object(server: Server, key: AccessKey, body: bytes) -> None:
    assert post(server.url, key, "GetPersonTracking", body).code == NOT_JSON


def test_of_two_members_of_one_name_the_last_counts(server: Server, key: AccessKey) -> None:
    body = b'{"JobId":1,"MaxResults":0,"JobId":"j","MaxResults":1}'

    assert post(server.url, key, "GetPersonTracking", body).code == UNDERSTOOD["GetPersonTracking"]


@pytest.mark.parametrize("depth", [10, 500], ids="{} deep".format)
def test_members_of_others_may_be_deep(server: Server, key: AccessKey, depth: int) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth

    answer = post(server.url, key, "GetPersonTracking", f'{{"JobId":"j","Other":{deep}}}'.encode())

    assert answer.code == UNDERSTOOD["GetPersonTracking"]


@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=1024))
def test_any_name_of_an_object(server: Server, key: AccessKey, name: str) -> None:
    video = {"S3Object": {"Bucket": "lobby", "Name": name}}

    assert post(server.url, key, "StartPersonTracking", {"Video": video}).code in {
        "OK",
        "InvalidS3ObjectException",
    }


@pytest.fixture(scope="module")
def job_id(server: Server, key: AccessKey) -> str:
    """A job with three pages of one sighting each."""
    video = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
    started = post(server.url, key, "StartPersonTracking", {"Video": video})
    job_id = str(json.loads(started.body)["JobId"])
    server.finish(job_id, a_walk(3))
    return job_id


@given(token=TEXTS | st.binary(min_size=1, max_size=180).map(base64.b64encode).map(bytes.decode))
def test_any_page_token(server: Server, key: AccessKey, job_id: str, token: str) -> None:
    members = {"JobId": job_id, "NextToken": token}

    answer = post(server.url, key, "GetPersonTracking", members)

    assert answer.code == ("InvalidPaginationTokenException" if token else "OK")


@given(place=st.integers(0, SPELLED_ONE_WAY - 1), character=st.characters(codec="ascii"))
def test_a_page_token_with_one_character_changed(
    server: Server, key: AccessKey, job_id: str, place: int, character: str
) -> None:
    members = {"JobId": job_id, "MaxResults": 1}
    token = json.loads(post(server.url, key, "GetPersonTracking", members).body)["NextToken"]
    assume(token[place] != character)
    changed = token[:place] + character + token[place + 1 :]

    answer = post(server.url, key, "GetPersonTracking", members | {"NextToken": changed})

    assert answer.code == "InvalidPaginationTokenException"
