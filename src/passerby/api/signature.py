"""Authenticate requests signed with AWS Signature Version 4.

    canonical request   the parts that were signed, in one spelling
    string to sign      its hash, with the time and the scope
    signature           HMAC of that, under a key derived from secret and scope

The body is always hashed here, since a header that claims its hash proves nothing. Every
signature is checked, so wrong ones never keep right ones out; many wrong ones are told to
slow down.

Source: AWS General Reference, "Signature Version 4 signing process".
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes, urlsplit

from passerby.api import faults
from passerby.api.authorization import (
    ALGORITHM,
    CLOCK_TOLERANCE,
    SECURITY_TOKEN_HEADER,
    SIGNATURE_PARAMETER,
    Authorization,
    SignedRequest,
    basic_time,
    parse_authorization,
)
from passerby.api.faults import Fault
from passerby.api.permission import Caller
from passerby.api.rate_limits import RateLimiter

SERVICE = "rekognition"

_TERMINATOR = "aws4_request"
_SHOWN_LENGTH = 255  # of a host or path in a message
# Where present. Not the target, which some signers leave out: see `exchange`.
_MUST_BE_SIGNED = ("x-amz-date", SECURITY_TOKEN_HEADER)

# Wrong signatures for one key from one address: so many at once, then so many a second;
# the others are answered in words by which AWS clients wait longer and longer. A secret of
# 40 letters withstands any number of guesses.
_FAILURES_AT_ONCE = 20
_FAILURES_PER_SECOND = _FAILURES_AT_ONCE / 60


class AccessKey(Caller, Protocol):
    """An access key that can sign requests."""

    @property
    def secret(self) -> str:
        """The secret half."""

    @property
    def session_token(self) -> str:
        """Session token, sent with each signature of a temporary key; "" for others."""

    @property
    def expires_at(self) -> datetime | None:
        """Expiry of a temporary key; None for others."""


FindKey = Callable[[str], AccessKey | None]  # by its id; None where there is none


@dataclass(frozen=True)
class Authenticator:
    """Known access keys, accepted regions, and a limit on wrong signatures."""

    find_key: FindKey
    regions: frozenset[str] = frozenset()  # that may stand in a signature; empty: any
    public_url: str | None = None  # that clients call, where a proxy changes host or path
    failures: RateLimiter = field(
        default_factory=partial(RateLimiter, _FAILURES_PER_SECOND, _FAILURES_AT_ONCE)
    )


def authenticate(request: SignedRequest, authenticator: Authenticator, now: datetime) -> AccessKey:
    """Verify the signature of a request, and give the access key that made it.

    Raises
    ------
    Fault
        Where the signature is missing, malformed, out of date, of an unknown or
        expired key, or not that of this request. ThrottlingException for a wrong
        signature after too many others.
    """
    claim, key = check_claim(request, authenticator, now)
    sent = _as_sent(request, authenticator.public_url)
    if not any(_equal(_signature(claim, each, key.secret), claim.signature) for each in sent):
        # Behind a proxy, everybody has one address: whoever signs right must not suffer.
        if not authenticator.failures.take((request.client_address, key.id)):
            raise Fault(faults.THROTTLING)
        raise Fault(faults.INVALID_SIGNATURE, _mismatch(request, authenticator.public_url))
    if key.expires_at is not None and key.expires_at <= now:
        raise Fault(faults.EXPIRED_TOKEN)
    return key


def check_claim(
    request: SignedRequest, authenticator: Authenticator, now: datetime
) -> tuple[Authorization, AccessKey]:
    """Check what a request says of its signature, but not the signature, nor the body.

    Raises
    ------
    Fault
        As `authenticate`.
    """
    claim = parse_authorization(request)
    _check_scope(claim, authenticator.regions)
    _check_coverage(claim, request)
    key = authenticator.find_key(claim.access_key_id)
    if key is None or not _equal(key.session_token, claim.session_token):
        raise Fault(faults.UNRECOGNIZED_CLIENT)
    _check_time(claim, now)
    return claim, key


def _equal(ours: str, theirs: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(ours.encode(), theirs.encode())


def _as_sent(request: SignedRequest, public_url: str | None) -> Iterator[SignedRequest]:
    """Give a request as it was received, then as a client may have sent it to `public_url`.

    The host and the path change nothing in what is asked for, so that it is safe to accept
    them as received or as they are in the settings.
    """
    yield request
    if public_url is None:
        return
    public = urlsplit(public_url)
    port = {"http": 80, "https": 443}[public.scheme]
    name = public.netloc.removesuffix(f":{port}")
    hosts = (request.header("host"), name, name if public.port else f"{name}:{port}")
    prefix = public.path.rstrip("/")
    paths = [request.path, prefix + request.path, *([prefix] if request.path == "/" else [])]
    others = tuple(header for header in request.headers if header[0] != "host")
    for host in filter(None, dict.fromkeys(hosts)):
        for path in dict.fromkeys(paths):
            yield replace(request, path=path, headers=(*others, ("host", host)))


def _mismatch(request: SignedRequest, public_url: str | None) -> str:
    """Say what was verified: a proxy that changes host or path spoils every signature."""
    host = (request.header("host") or "")[:_SHOWN_LENGTH]
    received = f"The request arrived for host '{host}' and path '{request.path[:_SHOWN_LENGTH]}'"
    if public_url is not None:
        return f"{faults.INVALID_SIGNATURE.message} {received}; clients call '{public_url}'."
    return (
        f"{faults.INVALID_SIGNATURE.message} {received}. If your client called another host or "
        "path, a proxy changed it: set public_url at the server to the URL that clients call."
    )


def _check_scope(claim: Authorization, regions: frozenset[str]) -> None:
    if regions and claim.region not in regions:
        _refuse("Credential should be scoped to a valid region.")
    if claim.service != SERVICE:
        _refuse(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if claim.terminator != _TERMINATOR:
        _refuse(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'.")
    if claim.date != f"{claim.signed_at:%Y%m%d}":
        _refuse(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            f"from HTTP: '{claim.date}' != '{claim.signed_at:%Y%m%d}'."
        )


def _check_coverage(claim: Authorization, request: SignedRequest) -> None:
    """Check that the signature covers every header that affects the request."""
    needed = [name for name in _MUST_BE_SIGNED if request.header(name) is not None]
    for name in ("host", *needed):
        if name not in claim.signed_headers:
            _refuse(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")


def _check_time(claim: Authorization, now: datetime) -> None:
    signed_at = basic_time(claim.signed_at)
    life = f"{claim.life.total_seconds() / 60:g} min."
    if claim.signed_at < now - claim.life:
        _refuse(
            f"Signature expired: {signed_at} is now earlier than "
            f"{basic_time(now - claim.life)} ({basic_time(now)} - {life})"
        )
    if claim.signed_at > now + CLOCK_TOLERANCE:
        _refuse(
            f"Signature not yet current: {signed_at} is still later than "
            f"{basic_time(now + CLOCK_TOLERANCE)} ({basic_time(now)} + 5 min.)"
        )


def _signature(claim: Authorization, request: SignedRequest, secret: str) -> str:
    # Latin-1 gives back the very bytes of the headers, whatever their encoding.
    canonical = _canonical_request(claim, request).encode("latin-1")
    to_sign = "\n".join(
        [
            ALGORITHM,
            basic_time(claim.signed_at),
            claim.scope,
            hashlib.sha256(canonical).hexdigest(),
        ]
    )
    key = _signing_key(secret, claim.scope)
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@lru_cache(maxsize=256)
def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_request(claim: Authorization, request: SignedRequest) -> str:
    return "\n".join(
        [
            request.method,
            _canonical_path(request.path),
            _canonical_query(request),
            *(f"{name}:{_canonical_value(name, request)}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )


def _canonical_path(path: str) -> str:
    # Encoded a second time, as for every service but S3. POSIX keeps a leading "//".
    tidy = re.sub("^/+", "/", posixpath.normpath(path or "/"))
    slash = "/" if path.endswith("/") and tidy != "/" else ""
    return quote(tidy + slash, safe="/-_.~")


def _canonical_query(request: SignedRequest) -> str:
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    recoded = sorted((_recode(name), _recode(value)) for name, _, value in pairs)
    # Only a presigned request has a signature there, which cannot cover itself.
    left_out = SIGNATURE_PARAMETER if request.header("authorization") is None else None
    return "&".join(f"{name}={value}" for name, value in recoded if name != left_out)


def _recode(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def _canonical_value(name: str, request: SignedRequest) -> str:
    value = request.header(name)
    if value is None:
        raise Fault(faults.INVALID_SIGNATURE)
    return re.sub(" +", " ", value.strip(" "))


def _refuse(message: str) -> None:
    raise Fault(faults.INVALID_SIGNATURE, message)
