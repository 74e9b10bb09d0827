from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from passerby.api.authorization import SignedRequest, parse_authorization
from passerby.api.faults import Fault

CREDENTIAL = "AKIAEXAMPLE/20260501/eu-west-1/rekognition/aws4_request"
HEADER = f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=ab12"
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": CREDENTIAL.replace("/", "%2F"),
    "X-Amz-Date": "20260501T120000Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host%3Bx-amz-date",
    "X-Amz-Signature": "ab12",
}


def request(header: str | None = None, date: str | None = None, query: str = "") -> SignedRequest:
    headers = (("authorization", header), ("x-amz-date", date))
    present = tuple((name, value) for name, value in headers if value is not None)
    return SignedRequest("POST", "/", query, present, b"", "192.0.2.1")


def query_of(changed: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in {**QUERY, **changed}.items())


@pytest.mark.parametrize(
    ("signed", "life"),
    [
        pytest.param(
            request(HEADER, "20260501T120000Z"), timedelta(minutes=5), id="in the headers"
        ),
        pytest.param(
            request(HEADER.replace(", ", ","), "20260501T120000Z"),
            timedelta(minutes=5),
            id="without blanks",
        ),
        pytest.param(request(query=query_of({})), timedelta(minutes=1), id="in the query"),
    ],
)
def test_parts(signed: SignedRequest, life: timedelta) -> None:
    claim = parse_authorization(signed)

    assert claim.access_key_id == "AKIAEXAMPLE"
    assert claim.scope == "20260501/eu-west-1/rekognition/aws4_request"
    assert claim.signed_headers == ("host", "x-amz-date")
    assert claim.signature == "ab12"
    assert claim.signed_at == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert claim.life == life


def test_no_authorization_at_all() -> None:
    with pytest.raises(Fault) as caught:
        parse_authorization(request())
    assert caught.value.kind.code == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("header", "date", "named"),
    [
        pytest.param("", "20260501T120000Z", "Algorithm", id="an empty header"),
        pytest.param("Basic c2VjcmV0", "20260501T120000Z", "Algorithm", id="another scheme"),
        pytest.param(
            "AWS4-HMAC-SHA256", "20260501T120000Z", "'Credential'", id="nothing but the scheme"
        ),
        pytest.param(
            HEADER.replace("Signature=ab12", ""),
            "20260501T120000Z",
            "'Signature'",
            id="no signature",
        ),
        pytest.param(
            HEADER.replace("host;x-amz-date", ""),
            "20260501T120000Z",
            "'SignedHeaders'",
            id="no headers",
        ),
        pytest.param(HEADER, None, "'X-Amz-Date'", id="no date"),
        pytest.param(
            HEADER, "Fri, 01 May 2026 12:00:00 GMT", "basic format", id="a date of HTTP's form"
        ),
        pytest.param(HEADER, "20269901T120000Z", "basic format", id="an impossible date"),
        pytest.param(
            HEADER.replace("/eu-west-1", ""), "20260501T120000Z", "exactly 5", id="no region"
        ),
        pytest.param(
            HEADER.replace("eu-west-1", ""), "20260501T120000Z", "exactly 5", id="an empty region"
        ),
    ],
)
def test_malformed_header(header: str, date: str | None, named: str) -> None:
    with pytest.raises(Fault, match="IncompleteSignatureException") as caught:
        parse_authorization(request(header, date))
    assert named in (caught.value.message or "")
    assert "c2VjcmV0" not in (caught.value.message or "")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param(
            {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"}, "Algorithm", id="another algorithm"
        ),
        pytest.param({"X-Amz-Signature": ""}, "'X-Amz-Signature'", id="no signature"),
        pytest.param({"X-Amz-Date": ""}, "'X-Amz-Date'", id="no date"),
        pytest.param({"X-Amz-Expires": ""}, "'X-Amz-Expires'", id="no life"),
        pytest.param({"X-Amz-Expires": "0"}, "from 1 to a week", id="dead on arrival"),
        pytest.param({"X-Amz-Expires": "604801"}, "from 1 to a week", id="longer than a week"),
        pytest.param({"X-Amz-Expires": "-5"}, "from 1 to a week", id="a negative life"),
        pytest.param({"X-Amz-Expires": "1e5"}, "from 1 to a week", id="no whole number"),
    ],
)
def test_malformed_query(changed: dict[str, str], named: str) -> None:
    with pytest.raises(Fault, match="IncompleteSignatureException") as caught:
        parse_authorization(request(query=query_of(changed)))
    assert named in (caught.value.message or "")


@pytest.mark.parametrize(
    "twice",
    [
        pytest.param(
            replace(request(), headers=(("authorization", HEADER), ("authorization", HEADER))),
            id="the header",
        ),
        pytest.param(
            request(query=query_of({}) + "&X-Amz-Date=20260501T120000Z"), id="a parameter"
        ),
        pytest.param(request(query=query_of({}) + "&X-Amz%2DDate=x"), id="in another spelling"),
    ],
)
def test_nothing_may_stand_twice(twice: SignedRequest) -> None:
    with pytest.raises(Fault, match="InvalidSignatureException") as caught:
        parse_authorization(twice)
    assert "more than once" in (caught.value.message or "")
