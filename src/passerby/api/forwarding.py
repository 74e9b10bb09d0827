"""Forward the operations that are not answered here to another endpoint.

Programs call People Pathing and other operations of Rekognition through one client, and
so through one endpoint. What is asked for must be signed as a whole and be allowed
by name; the other endpoint is asked with credentials of the server.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from passerby import logs
from passerby.access.rights import matches
from passerby.api import faults, protocol
from passerby.api.authorization import SignedRequest, parse_authorization
from passerby.api.faults import Fault
from passerby.api.permission import Caller, check_forwarded, check_topic, check_video
from passerby.errors import ForwardingError

_log = logging.getLogger(__name__)

# Two images of 5 MB in base 64, the most that an operation takes (CompareFaces): developer
# guide, "Guidelines and quotas".
BODY_BYTES_LIMIT = 16 * 1024 * 1024


class OtherAnswer(Protocol):
    """The answer of the other endpoint."""

    @property
    def status(self) -> int:
        """Status of HTTP."""

    @property
    def body(self) -> bytes:
        """Its body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that a client of AWS reads."""


class OtherEndpoint(Protocol):
    """An endpoint that is asked with credentials of its own."""

    def send(self, operation: str, body: bytes) -> OtherAnswer:
        """Send an operation; raises ForwardingError without a whole answer in time."""


@dataclass(frozen=True)
class Forwarding:
    """Which operations go where."""

    endpoint: OtherEndpoint
    operations: tuple[str, ...] = ()  # patterns of names; empty: any

    def covers(self, operation: str) -> bool:
        """Whether the operation may be forwarded at all."""
        return not self.operations or matches(operation, self.operations)


def forward(
    forwarding: Forwarding | None, caller: Caller, operation: str, request: SignedRequest
) -> OtherAnswer:
    """Forward an operation of an authenticated caller.

    Raises
    ------
    Fault
        UnknownOperationException where it is not forwarded, InvalidSignatureException
        where its name is not signed, AccessDeniedException where the key does not allow
        it, InternalServerError where the other endpoint gives no answer.
    """
    forwarding = _check_covered(forwarding, operation, request)
    check_forwarded(caller, operation)
    body = _allowed_body(caller, operation, request)
    try:
        answer = forwarding.endpoint.send(operation, body)
    except ForwardingError as error:
        _log.warning("%s was not forwarded: %s", operation, error)
        message = f"{faults.INTERNAL_SERVER_ERROR.message}: {operation} is forwarded. {error}"
        raise Fault(faults.INTERNAL_SERVER_ERROR, message) from error
    logs.add_context(forwarded_request_id=answer.headers.get(protocol.REQUEST_ID_HEADER, ""))
    return answer


def not_forwarded(operation: str) -> Fault:
    """Say what to do about an operation that this server neither answers nor forwards."""
    return Fault(
        faults.UNKNOWN_OPERATION,
        f"This server answers StartPersonTracking and GetPersonTracking, not {operation}. Call it "
        "through a client of AWS's own endpoint, or set forward_others = true at the server, "
        "which then forwards it with credentials of its own.",
    )


def _check_covered(
    forwarding: Forwarding | None, operation: str, request: SignedRequest
) -> Forwarding:
    if forwarding is None:
        raise not_forwarded(operation)
    if not forwarding.covers(operation):
        raise Fault(
            faults.UNKNOWN_OPERATION,
            f"{operation} is not among the forward_operations of this server.",
        )
    # Many operations take the same members: one that deletes, and one that describes.
    if protocol.TARGET_HEADER not in parse_authorization(request).signed_headers:
        raise Fault(
            faults.INVALID_SIGNATURE,
            f"'{protocol.TARGET_HEADER}' must be a 'SignedHeader' in the AWS Authorization, "
            f"because {operation} is forwarded.",
        )
    if any(name == "via" and "passerby" in value for name, value in request.headers):
        raise Fault(
            faults.UNKNOWN_OPERATION,
            f"{operation} was forwarded once already: forward_endpoint_url leads to a server "
            "that forwards, too.",
        )
    return forwarding


def _allowed_body(caller: Caller, operation: str, request: SignedRequest) -> bytes:
    """Check the videos, images and topics that a body names, and give it to be sent.

    That of a key with limits is written anew: a name that stands twice could be read in
    one way here and in another there.
    """
    if not caller.rights.videos and not caller.rights.topics:
        return request.body
    parameters = protocol.parameters(request.body)
    for members in _structures(parameters):
        _check_members(caller, operation, members)
    return msgspec.json.encode(parameters)


def _structures(value: object) -> Iterator[Mapping[str, object]]:
    """All objects of a JSON value, at any depth, with their names in lower case."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield {str(name).lower(): member for name, member in each.items()}
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _check_members(caller: Caller, operation: str, members: Mapping[str, object]) -> None:
    """Check the members by which Rekognition names objects of S3 and topics of SNS."""
    if "bucket" in members:
        check_video(caller, operation, str(members["bucket"]), str(members.get("name", "")))
    if "s3bucket" in members:
        prefix = str(members.get("s3keyprefix") or "")
        check_video(caller, operation, str(members["s3bucket"]), prefix)
    if "snstopicarn" in members:
        check_topic(caller, operation, str(members["snstopicarn"]))
