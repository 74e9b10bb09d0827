"""Parse the signature of a request, from its headers or its query.

Source: AWS General Reference, "Signature Version 4 signing process": the form of the
`Authorization` header, and of the query parameters of a presigned request.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from passerby.api import faults
from passerby.api.faults import Fault

ALGORITHM = "AWS4-HMAC-SHA256"
SECURITY_TOKEN_HEADER = "x-amz-security-token"  # noqa: S105 - the name of a header
SIGNATURE_PARAMETER = "X-Amz-Signature"
CLOCK_TOLERANCE = timedelta(minutes=5)  # as the texts of InvalidSignatureException say

_BASIC_TIME = "%Y%m%dT%H%M%SZ"
_SCOPE_PARTS = 5  # access key id, date, region, service, "aws4_request"
_LONGEST_LIFE = timedelta(days=7)  # of a presigned request


@dataclass(frozen=True)
class SignedRequest:
    """An HTTP request as it was received."""

    method: str
    path: str  # percent-encoded
    query: str  # percent-encoded, without its question mark
    headers: tuple[tuple[str, str], ...]  # names in lower case, values read as Latin-1
    body: bytes
    client_address: str  # IP address of whoever opened the connection

    def header(self, name: str) -> str | None:
        """Give the only value of a header; None without one.

        Raises
        ------
        Fault
            InvalidSignatureException where the header stands twice: what was
            signed and what is read could then differ.
        """
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise Fault(faults.INVALID_SIGNATURE, f"Header '{name}' occurs more than once.")
        return values[0] if values else None


@dataclass(frozen=True)
class Authorization:
    """The claim of a request about its signature: by whom, when, and over which headers."""

    access_key_id: str
    date: str  # yyyymmdd, of the credential scope
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str  # hexadecimal
    signed_at: datetime
    life: timedelta  # how long the signature holds
    session_token: str  # "" where there is none

    @property
    def scope(self) -> str:
        """Credential scope, to which the signing key is bound: date, region, service."""
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


def parse_authorization(request: SignedRequest) -> Authorization:
    """Parse the authorization of a request, without verifying it.

    Raises
    ------
    Fault
        MissingAuthenticationTokenException where there is none, and
        IncompleteSignatureException where a part of it is missing or malformed.
    """
    header = request.header("authorization")
    if header is not None:
        return _from_header(header, request)
    parameters = _query_parameters(request.query)
    if "X-Amz-Algorithm" in parameters:
        return _from_query(parameters)
    raise Fault(faults.MISSING_AUTHENTICATION)


def basic_time(moment: datetime) -> str:
    """Format a time as in signatures: `20240101T000000Z`."""
    return moment.strftime(_BASIC_TIME)


def _from_header(header: str, request: SignedRequest) -> Authorization:
    algorithm, _, rest = header.partition(" ")
    _check_algorithm(algorithm)
    pairs = (part.strip(" \t").partition("=") for part in rest.split(","))
    parts = {name: value for name, _, value in pairs}
    parts["X-Amz-Date"] = request.header("x-amz-date") or ""
    names = ("Credential", "SignedHeaders", "Signature", "X-Amz-Date")
    missing = [name for name in names if not parts.get(name)]
    if missing:
        message = " ".join(f"Authorization header requires '{name}'." for name in missing)
        raise Fault(faults.INCOMPLETE_SIGNATURE, message)
    token = request.header(SECURITY_TOKEN_HEADER) or ""
    return _build([parts[name] for name in names], CLOCK_TOLERANCE, token)


def _from_query(parameters: dict[str, str]) -> Authorization:
    _check_algorithm(parameters["X-Amz-Algorithm"])
    names = ("X-Amz-Credential", "X-Amz-SignedHeaders", SIGNATURE_PARAMETER, "X-Amz-Date")
    missing = [name for name in (*names, "X-Amz-Expires") if not parameters.get(name)]
    if missing:
        message = " ".join(
            f"AWS query-string parameters must include '{name}'." for name in missing
        )
        raise Fault(faults.INCOMPLETE_SIGNATURE, message)
    life = _life(parameters["X-Amz-Expires"])
    token = parameters.get("X-Amz-Security-Token", "")
    return _build([parameters[name] for name in names], life, token)


def _build(parts: list[str], life: timedelta, session_token: str) -> Authorization:
    credential, signed_headers, signature, signed_at = parts
    scope = credential.split("/")
    if len(scope) != _SCOPE_PARTS or not all(scope):
        message = (
            f"Credential must have exactly {_SCOPE_PARTS} slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'"
        )
        raise Fault(faults.INCOMPLETE_SIGNATURE, message)
    access_key_id, date, region, service, terminator = scope
    return Authorization(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        terminator=terminator,
        signed_headers=tuple(signed_headers.split(";")),
        signature=signature,
        signed_at=_time(signed_at),
        life=life,
        session_token=session_token,
    )


def _check_algorithm(algorithm: str) -> None:
    # The header is not repeated in the message: it may be another scheme's secret.
    if algorithm != ALGORITHM:
        raise Fault(faults.INCOMPLETE_SIGNATURE, f"Algorithm must be '{ALGORITHM}'.")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _BASIC_TIME).replace(tzinfo=UTC)
    except ValueError as error:
        message = f"Date must be in ISO-8601 'basic format'. Got '{text}'."
        raise Fault(faults.INCOMPLETE_SIGNATURE, message) from error


def _life(text: str) -> timedelta:
    if re.fullmatch("[0-9]{1,6}", text):
        life = timedelta(seconds=int(text))
        if timedelta(0) < life <= _LONGEST_LIFE:
            return life
    message = f"X-Amz-Expires must be a number of seconds from 1 to a week, got '{text}'"
    raise Fault(faults.INCOMPLETE_SIGNATURE, message)


def _query_parameters(query: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in query.split("&")]
    decoded = [(unquote(name), unquote(value)) for name, _, value in pairs]
    for name, count in Counter(name for name, _ in decoded).items():
        if count > 1 and name.startswith("X-Amz-"):
            message = f"Query parameter '{name}' occurs more than once."
            raise Fault(faults.INVALID_SIGNATURE, message)
    return dict(decoded)
