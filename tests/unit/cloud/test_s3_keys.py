"""Keys that are more than letters: HEAD and GET ask for exactly the object of that name.

What was asked is recorded as it came in, and its signature is checked by the rules of AWS
(Signature Version 4: "Create a signed AWS API request"; S3: the path is signed as it is sent).
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote

import boto3
import pytest
from moto.server import ThreadedMotoServer

from passerby.cloud.s3 import Place, head
from passerby.http_ranges import PinnedUrl

from .conftest import SECRET, ScriptedStore

pytestmark = pytest.mark.usefixtures("credentials")

KEYS = [
    "plain.mp4",
    "./dot.mp4",
    "../up.mp4",
    "a/../b.mp4",
    "a/./b.mp4",
    "a/..",
    ".",
    "..",
    "...",
    "sub//double.mp4",
    "/leading.mp4",
    "//two.mp4",
    "trailing/",
    "trailing.",
    "trailing ",
    " leading",
    "%2F.mp4",
    "%2e%2e/x.mp4",
    "100%.mp4",
    "a+b c.mp4",
    "what?.mp4",
    "what?versionId=1",
    "part#2.mp4",
    "a&b=c;d,e:f@g$h!i'j(k)*l.mp4",
    "a\\b.mp4",
    "~tilde^caret|pipe`tick.mp4",
    '<a href="b">.mp4',
    "{braces}[brackets].mp4",
    "tab\tnew\nline\rend\x7f.mp4",
    "ümläut 人 🚶‍♀️.mp4",
    "e\u0301.mp4",  # not composed: another key than é.mp4
    "nul\x00.mp4",
    "x" * 1024,
    "人" * 341,
]


def signature_is_right(method: str, target: str, headers: dict[str, str]) -> bool:
    """Whether a request is signed, in its header or in its query, for the path as it came."""
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    lowered = {name.lower(): value for name, value in headers.items()}
    if "authorization" in lowered:
        given = dict(re.findall(r"(\w+)=([^,]+)", lowered["authorization"]))
        credential, signed, signature = (
            given[name] for name in ("Credential", "SignedHeaders", "Signature")
        )
        moment, payload = lowered["x-amz-date"], lowered["x-amz-content-sha256"]
    else:
        asked = dict(pairs)
        credential, signed = asked["X-Amz-Credential"], asked["X-Amz-SignedHeaders"]
        moment, payload, signature = (
            asked["X-Amz-Date"],
            "UNSIGNED-PAYLOAD",
            asked["X-Amz-Signature"],
        )
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in pairs
        if name != "X-Amz-Signature"
    )
    names = signed.split(";")
    canonical = [
        method,
        path,
        "&".join(f"{name}={value}" for name, value in encoded),
        *(f"{name}:{lowered[name].strip()}" for name in names),
        "",
        signed,
        payload,
    ]
    scope = credential.split("/", 1)[1]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right: str = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, signature)


@pytest.mark.parametrize("key", KEYS, ids=ascii)
@pytest.mark.parametrize("version", [None, "v+/1"])
def test_the_very_key_is_asked_for(store: ScriptedStore, key: str, version: str | None) -> None:
    store.now(200, b"0123456789", ETag='"1"', Last_Modified="Sun, 22 Nov 2026 01:04:05 GMT")

    facts = head(Place(store.url, "eu-west-1", path_style=True), "cctv", key, version)
    with PinnedUrl(facts.location) as url:
        url.get("bytes=0-").close()

    assert [method for method, _, _ in store.asked] == ["HEAD", "GET"]
    for method, target, headers in store.asked:
        path, _, query = target.partition("?")
        assert unquote(path) == f"/cctv/{key}"
        assert dict(parse_qsl(query)).get("versionId") == version
        assert signature_is_right(method, target, headers)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.mark.parametrize(
    "key",
    # Its web server takes "?" and NUL for the end of a path, and slashes in a row for one.
    [key for key in KEYS if not re.search(r"[?\x00\r\n]|^/|//|/$", key)],
    ids=ascii,
)
def test_the_object_of_this_name_is_read(moto: str, key: str) -> None:
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    client.create_bucket(Bucket="keys")
    for other in ("b.mp4", "dot.mp4", "up.mp4", "x.mp4"):
        client.put_object(Bucket="keys", Key=other, Body=b"another object")
    client.put_object(Bucket="keys", Key=key, Body=key.encode())

    facts = head(Place(moto, "us-east-1", path_style=True), "keys", key)

    assert facts.size_bytes == len(key.encode())
    with PinnedUrl(facts.location) as url:
        assert url.get().read() == key.encode()
