"""Whether a request was signed with one of our access keys: AWS Signature Version 4.

    canonical request   the parts that were signed, in one spelling
    string to sign      its hash, with the time and the scope
    signature           HMAC of that, under a key derived from secret and scope

The body is always hashed here: a header that claims its hash proves nothing.

Source: AWS General Reference, "Signature Version 4 signing process".
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes

from passerby.api import faults
from passerby.api.authorization import (
    ALGORITHM,
    CLOCK_TOLERANCE,
    SIGNATURE_PARAMETER,
    Authorization,
    SignedRequest,
    authorization,
    basic_time,
)
from passerby.api.faults import Fault

SERVICE = "rekognition"

_TERMINATOR = "aws4_request"
_SECURITY_TOKEN = "x-amz-security-token"  # noqa: S105 - the name of a header
_MUST_BE_SIGNED = ("x-amz-date", "x-amz-target")  # where present: they steer what is done


class AccessKey(Protocol):
    """A key that requests can be signed with."""

    @property
    def id(self) -> str:
        """The public half, named in the request."""

    @property
    def secret(self) -> str:
        """The secret half."""

    @property
    def account_id(self) -> str:
        """Whose key it is."""


FindKey = Callable[[str], AccessKey | None]  # by its id; None where there is none


def verified(request: SignedRequest, find_key: FindKey, now: datetime) -> AccessKey:
    """Find the access key that signed `request`.

    Any region is accepted: the clients of a private endpoint keep the one they had.

    Raises
    ------
    Fault
        Where the signature is missing, malformed, out of date, of an unknown key,
        or not that of this request.
    """
    claim = authorization(request)
    _check_scope(claim)
    _check_coverage(claim, request)
    key = find_key(claim.access_key_id)
    # Keys here are permanent, so no session token belongs to any of them.
    if key is None or _has_session_token(request):
        raise Fault(faults.UNRECOGNIZED_CLIENT)
    _check_time(claim, now)
    expected = _signature(claim, request, key.secret)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise Fault(faults.INVALID_SIGNATURE)
    return key


def _check_scope(claim: Authorization) -> None:
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
    """See that the signature covers all that steers what the request does."""
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


def _has_session_token(request: SignedRequest) -> bool:
    return request.header(_SECURITY_TOKEN) is not None or _SECURITY_TOKEN in request.query.lower()


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
    key = f"AWS4{secret}".encode()
    for part in claim.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _canonical_request(claim: Authorization, request: SignedRequest) -> str:
    return "\n".join(
        [
            request.method,
            _canonical_path(request.path),
            _canonical_query(request.query),
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


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    recoded = sorted((_recoded(name), _recoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in recoded if name != SIGNATURE_PARAMETER)


def _recoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def _canonical_value(name: str, request: SignedRequest) -> str:
    value = request.header(name)
    if value is None:
        raise Fault(faults.INVALID_SIGNATURE)
    return re.sub(" +", " ", value.strip(" "))


def _refuse(message: str) -> None:
    raise Fault(faults.INVALID_SIGNATURE, message)
