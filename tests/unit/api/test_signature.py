import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passerby.api.authorization import SignedRequest
from passerby.api.faults import Fault
from passerby.api.rate_limits import RateLimiter
from passerby.api.signature import Authenticator, authenticate

from .conftest import Key, Signer, presigned


def now() -> datetime:
    return datetime.now(UTC)


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    others = tuple(header for header in request.headers if header[0] != name)
    return replace(request, headers=(*others, (name, value)))


def refused(request: SignedRequest, client: Signer, at: datetime | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        authenticate(request, Authenticator(client.find), at or now())
    return caught.value


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        pytest.param("/", {}, b"", id="no body"),
        pytest.param("/", {"Content-Type": "application/x-amz-json-1.1"}, b"{}", id="usual"),
        pytest.param("/", {}, '{"JobId":"ä"}'.encode(), id="raw UTF-8 in the body"),
        pytest.param("/", {"X-Amz-Meta": "  two   blanks "}, b"{}", id="blanks in a header"),
        pytest.param("/prefix", {}, b"{}", id="a path prefix"),
        pytest.param("/prefix/", {}, b"{}", id="a path prefix with a slash"),
        pytest.param("//a/./b/../c//", {}, b"{}", id="an untidy path"),
        pytest.param("/a%20b/%C3%A4", {}, b"{}", id="an encoded path"),
        pytest.param("/?b=2&a=1&a=0&c", {}, b"{}", id="a query"),
        pytest.param("/?a=%C3%A4%2F~", {}, b"{}", id="an encoded query"),
        pytest.param("/", {"X-Amz-Content-Sha256": sha256(b"{}").hexdigest()}, b"{}", id="hashed"),
    ],
)
def test_what_botocore_signs_is_accepted(
    client: Signer, path: str, headers: dict[str, str], body: bytes
) -> None:
    request = client(path=path, headers=headers, body=body)

    assert authenticate(request, Authenticator(client.find), now()) is client.key


def test_headers_that_were_not_signed_may_be_there_even_twice(client: Signer) -> None:
    request = client()
    request = replace(request, headers=(*request.headers, ("via", "1.1 a"), ("via", "1.1 b")))

    assert authenticate(request, Authenticator(client.find), now()) is client.key


@pytest.mark.parametrize(
    ("tampered", "text"),
    [
        pytest.param(lambda r: replace(r, body=r.body + b" "), "does not match", id="the body"),
        pytest.param(lambda r: replace(r, method="PUT"), "does not match", id="the method"),
        pytest.param(lambda r: replace(r, path="/other"), "does not match", id="the path"),
        pytest.param(lambda r: replace(r, query="a=1"), "does not match", id="the query"),
        pytest.param(
            lambda r: with_header(r, "host", "elsewhere"), "does not match", id="the host"
        ),
        pytest.param(
            lambda r: with_header(r, "x-amz-target", "RekognitionService.StartPersonTracking"),
            "does not match",
            id="the target",
        ),
        pytest.param(
            lambda r: replace(r, headers=tuple(h for h in r.headers if h[0] != "host")),
            "does not match",
            id="a signed header taken away",
        ),
        pytest.param(
            lambda r: replace(r, headers=(*r.headers, ("x-amz-target", "x"))),
            "'x-amz-target' occurs more than once",
            id="a second target",
        ),
        pytest.param(
            lambda r: with_header(r, "x-amz-date", "20200101T000000Z"),
            "Date in Credential scope does not match",
            id="another day",
        ),
    ],
)
def test_what_was_changed_after_signing_is_refused(
    client: Signer, tampered: Callable[[SignedRequest], SignedRequest], text: str
) -> None:
    fault = refused(tampered(client()), client)

    assert fault.kind.code == "InvalidSignatureException"
    assert text in (fault.message or "")


def test_a_hash_the_client_claims_proves_nothing(client: Signer) -> None:
    claimed = {"X-Amz-Content-Sha256": sha256(b"{}").hexdigest()}
    request = replace(client(body=b"{}", headers=claimed), body=b'{"JobId":"other"}')

    assert refused(request, client).kind.code == "InvalidSignatureException"


def test_an_unsigned_body_is_refused(client: Signer) -> None:
    # botocore puts this header into the canonical request in place of a hash.
    request = client(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})

    assert refused(request, client).kind.code == "InvalidSignatureException"


def test_a_target_cannot_be_taken_out_of_a_signature(client: Signer) -> None:
    request = client()
    value = request.header("authorization") or ""
    request = with_header(request, "authorization", value.replace(";x-amz-target", ""))

    assert "does not match" in (refused(request, client).message or "")


def test_a_signer_may_leave_the_target_out(client: Signer) -> None:
    request = client(target_signed=False)

    assert authenticate(request, Authenticator(client.find), now()) is client.key
    assert "does not match" in (refused(replace(request, body=b"{}"), client).message or "")


def as_proxied(
    request: SignedRequest, host: str | None = None, path: str | None = None
) -> SignedRequest:
    """The request as it arrives behind a proxy that changes its host, its path or both."""
    moved = replace(request, path=request.path if path is None else path)
    return moved if host is None else with_header(moved, "host", host)


@pytest.mark.parametrize(
    ("public_url", "sent", "host", "path"),
    [
        pytest.param("http://localhost:8080", "/", "10.0.0.7:8420", None, id="the host"),
        pytest.param("http://localhost:8080/", "/", "localhost", None, id="the port"),
        pytest.param("http://localhost:8080/a/b", "/a/b/", None, "/", id="a prefix"),
        pytest.param("http://localhost:8080/a/b/", "/a/b", None, "/", id="a prefix, no slash"),
        pytest.param("http://localhost:8080/a", "/a/c", "x", "/c", id="prefix of a path, and host"),
        pytest.param("http://localhost:8080/a", "/a/", None, None, id="nothing"),
        pytest.param("https://elsewhere/a", "/", None, None, id="called directly"),
    ],
)
def test_a_proxy_in_front_of_the_public_url(
    client: Signer, public_url: str, sent: str, host: str | None, path: str | None
) -> None:
    request = as_proxied(client(path=sent), host, path)

    authenticator = Authenticator(client.find, public_url=public_url)

    assert authenticate(request, authenticator, now()) is client.key


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        pytest.param("https://api.example", "api.example", id="the usual port is left out"),
        pytest.param("https://api.example:443", "api.example", id="it is left out by the client"),
        pytest.param("http://api.example", "api.example:80", id="it is spelt out by the client"),
        pytest.param("http://[::1]:81", "[::1]:81", id="IPv6"),
    ],
)
def test_spellings_of_the_public_host(client: Signer, public_url: str, host: str) -> None:
    request = as_proxied(client(headers={"Host": host}), "inside:8420")

    authenticator = Authenticator(client.find, public_url=public_url)

    assert authenticate(request, authenticator, now()) is client.key


def test_a_public_url_vouches_for_no_other(client: Signer) -> None:
    authenticator = Authenticator(client.find, public_url="https://api.example/rek")
    for changed in (
        as_proxied(client(), "elsewhere"),
        as_proxied(client(path="/other/"), None, "/"),
        replace(client(), body=b"{}"),
    ):
        with pytest.raises(Fault) as caught:
            authenticate(changed, authenticator, now())
        assert caught.value.kind.code == "InvalidSignatureException"


@pytest.mark.parametrize("public_url", [None, "https://api.example/rek"])
def test_a_wrong_signature_names_the_hosts(client: Signer, public_url: str | None) -> None:
    request = as_proxied(client(), "inside:8420", "/stripped")

    with pytest.raises(Fault, match="InvalidSignature") as caught:
        authenticate(request, Authenticator(client.find, public_url=public_url), now())

    text = caught.value.message or ""
    assert "host 'inside:8420' and path '/stripped'" in text
    assert (public_url or "set public_url") in text


@pytest.mark.parametrize(
    ("scope", "replacement", "text"),
    [
        pytest.param("/rekognition/", "/s3/", "correct service: 'rekognition'", id="the service"),
        pytest.param("/aws4_request", "/aws5", "valid terminator: 'aws4_request'", id="the end"),
    ],
)
def test_wrong_scope(client: Signer, scope: str, replacement: str, text: str) -> None:
    request = client()
    value = request.header("authorization") or ""
    request = with_header(request, "authorization", value.replace(scope, replacement))

    fault = refused(request, client)

    assert fault.kind.code == "InvalidSignatureException"
    assert text in (fault.message or "")


def test_a_key_of_another_service_cannot_be_renamed(client: Signer) -> None:
    request = client(service="s3")
    value = request.header("authorization") or ""
    request = with_header(request, "authorization", value.replace("/s3/", "/rekognition/"))

    assert "does not match" in (refused(request, client).message or "")


def test_an_unknown_key_is_refused(client: Signer) -> None:
    request = Signer(Key(id="AKIAOTHER"))()

    assert refused(request, client).kind.code == "UnrecognizedClientException"


def test_a_session_token_is_refused(client: Signer) -> None:
    request = client(headers={"X-Amz-Security-Token": "t"})

    assert refused(request, client).kind.code == "UnrecognizedClientException"


def test_a_wrong_secret_is_refused(client: Signer) -> None:
    request = Signer(Key(secret="other"))()

    assert refused(request, client).kind.code == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        pytest.param(
            6, "Signature expired: {t} is now earlier than {edge} ({now} - 5 min.)", id="old"
        ),
        pytest.param(
            -6,
            "Signature not yet current: {t} is still later than {edge} ({now} + 5 min.)",
            id="new",
        ),
    ],
)
def test_clocks_may_differ_by_five_minutes(client: Signer, minutes: int, text: str) -> None:
    request = client()
    signed_at = request.header("x-amz-date") or ""
    then = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    sign = 1 if minutes > 0 else -1
    at = then + timedelta(minutes=minutes)
    edge = then + timedelta(minutes=minutes - 5 * sign)

    fault = refused(request, client, at)

    assert fault.kind.code == "InvalidSignatureException"
    assert fault.message == text.format(
        t=signed_at, edge=f"{edge:%Y%m%dT%H%M%SZ}", now=f"{at:%Y%m%dT%H%M%SZ}"
    )
    assert (
        authenticate(request, Authenticator(client.find), then + timedelta(minutes=5 * sign))
        is client.key
    )


@given(
    position=st.integers(0, 10_000),
    character=st.characters(codec="latin-1", exclude_categories=["Cc"]),
)
def test_any_changed_character_is_refused(client: Signer, position: int, character: str) -> None:
    request = client(path="/prefix", body=b'{"JobId":"0123","MaxResults":10}')
    wire = request.path + request.body.decode() + "".join(value for _, value in request.headers)
    position %= len(wire)
    # Of several blanks only the first counts.
    assume(wire[position] != character and " " not in (wire[position], character))
    changed = _with_character(request, position, character)

    fault = refused(changed, client)

    assert re.fullmatch("(Invalid|Incomplete)Signature.*|UnrecognizedClient.*", fault.kind.code)


def _with_character(request: SignedRequest, position: int, character: str) -> SignedRequest:
    """Change one character of the path, the body or the values of the headers."""
    texts = [request.path, request.body.decode("latin-1"), *(value for _, value in request.headers)]
    for number, text in enumerate(texts):
        if position < len(text):
            texts[number] = text[:position] + character + text[position + 1 :]
            break
        position -= len(text)
    path, body, *values = texts
    names = [name for name, _ in request.headers]
    headers = tuple(zip(names, values, strict=True))
    return replace(request, path=path, body=body.encode("latin-1"), headers=headers)


def test_what_botocore_presigns_is_accepted_while_it_lives(client: Signer) -> None:
    request = presigned(client)

    assert (
        authenticate(request, Authenticator(client.find), now() + timedelta(minutes=9))
        is client.key
    )
    fault = refused(request, client, now() + timedelta(minutes=11))
    assert "Signature expired" in (fault.message or "")
    assert "- 10 min.)" in (fault.message or "")


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        pytest.param("X-Amz-Expires=600", "X-Amz-Expires=6000", id="the life"),
        pytest.param("us-east-1", "us-east-2", id="the region"),
        pytest.param("X-Amz-Signature=", "a=1&X-Amz-Signature=", id="another parameter"),
    ],
)
def test_a_changed_query_is_refused(client: Signer, part: str, replacement: str) -> None:
    request = presigned(client)
    request = replace(request, query=request.query.replace(part, replacement))

    assert refused(request, client).kind.code == "InvalidSignatureException"


def test_a_changed_body_of_a_presigned_request_is_refused(client: Signer) -> None:
    request = replace(presigned(client), body=b"{}")

    assert refused(request, client).kind.code == "InvalidSignatureException"


def test_a_presigned_session_token_is_refused(client: Signer) -> None:
    request = presigned(client)
    request = replace(request, query=request.query + "&X-Amz-Security-Token=t")

    assert refused(request, client).kind.code == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("regions", "code"),
    [
        pytest.param([], "", id="any"),
        pytest.param(["eu-west-1", "eu-west-2"], "", id="one of several"),
        pytest.param(["us-east-1"], "InvalidSignatureException", id="another one"),
    ],
)
def test_regions(client: Signer, regions: list[str], code: str) -> None:
    authenticator = Authenticator(client.find, frozenset(regions))

    if not code:
        assert authenticate(client(), authenticator, now()) is client.key
        return
    with pytest.raises(Fault) as caught:
        authenticate(client(), authenticator, now())
    assert caught.value.kind.code == code
    assert caught.value.message == "Credential should be scoped to a valid region."


TEMPORARY = Key(session_token="t" * 128, expires_at=now() + timedelta(hours=1))


@pytest.mark.parametrize("signed", [Signer.__call__, presigned], ids=["header", "presigned"])
def test_a_temporary_key_needs_its_session_token(
    signed: Callable[[Signer], SignedRequest],
) -> None:
    holder = Signer(TEMPORARY)
    request = signed(holder)
    bare = signed(Signer(replace(TEMPORARY, session_token="")))
    wrong = signed(Signer(replace(TEMPORARY, session_token="u" * 128)))

    assert authenticate(request, Authenticator(holder.find), now()) is TEMPORARY
    assert refused(bare, holder).kind.code == "UnrecognizedClientException"
    assert refused(wrong, holder).kind.code == "UnrecognizedClientException"


def test_a_session_token_must_be_signed() -> None:
    holder = Signer(TEMPORARY)
    bare = Signer(replace(TEMPORARY, session_token=""))()
    request = with_header(bare, "x-amz-security-token", TEMPORARY.session_token)

    assert "must be a 'SignedHeader'" in (refused(request, holder).message or "")


def test_an_expired_key() -> None:
    holder = Signer(replace(TEMPORARY, expires_at=now()))

    fault = refused(holder(), holder)

    assert fault.kind.code == "ExpiredTokenException"
    assert fault.message == "The security token included in the request is expired"


def test_who_tries_secrets_is_slowed_down_and_keeps_nobody_out(client: Signer) -> None:
    seconds = [0.0]
    authenticator = Authenticator(
        client.find, failures=RateLimiter(1, burst=3, clock=lambda: seconds[0])
    )
    guess = Signer(Key(secret="guess"))()

    def outcome(request: SignedRequest) -> str:
        try:
            return authenticate(request, authenticator, now()).id
        except Fault as fault:
            return fault.kind.code

    assert [outcome(guess) for _ in range(4)] == [
        *["InvalidSignatureException"] * 3,
        "ThrottlingException",
    ]
    assert outcome(client()) == client.key.id  # from the same address
    assert outcome(guess) == "ThrottlingException"
    assert outcome(replace(guess, client_address="192.0.2.2")) == "InvalidSignatureException"
    seconds[0] = 1
    assert outcome(client()) == client.key.id  # costs nothing
    assert [outcome(guess) for _ in range(2)] == [
        "InvalidSignatureException",
        "ThrottlingException",
    ]
