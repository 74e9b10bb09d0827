"""Errors on the wire: code, HTTP status, body.

Two families. An error that the service model declares carries `Code` and a capital
`Message`; one of the AWS front end carries a lower-case `message`, or none at all.
Both name themselves in `__type`. No other module knows an AWS error code.
"""

from dataclasses import dataclass

import msgspec

from passerby.errors import JobNotFound, ObjectError, PasserbyError


@dataclass(frozen=True)
class FaultKind:
    """A kind of error that a client can receive."""

    code: str
    message: str | None = None  # its usual text, perhaps with {details} to be filled in
    status: int = 400
    declared: bool = False  # in the service model


class Fault(Exception):
    """An error that is sent to the client.

    Parameters
    ----------
    kind : FaultKind
        Which error.
    message : str, optional
        Text in place of the usual one.
    **details : str or int
        What the usual text leaves open.
    """

    def __init__(self, kind: FaultKind, message: str | None = None, **details: str | int) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.message = message or (kind.message and kind.message.format(**details))


def _declared(code: str, message: str, status: int = 400) -> FaultKind:
    return FaultKind(code, message, status, declared=True)


# Declared by the operations. Texts as AWS sent or documented them, where any is known.
ACCESS_DENIED = _declared(
    "AccessDeniedException",
    "User: {user} is not authorized to perform: rekognition:{operation} on resource: {resource} "
    "because no identity-based policy allows the rekognition:{operation} action",
)
IDEMPOTENT_PARAMETER_MISMATCH = _declared(
    "IdempotentParameterMismatchException",
    "The ClientRequestToken: {token} you have supplied is already in use.",
)
INTERNAL_SERVER_ERROR = _declared("InternalServerError", "Internal server error", status=500)
INVALID_PAGINATION_TOKEN = _declared("InvalidPaginationTokenException", "Invalid Pagination Token")
INVALID_PARAMETER = _declared("InvalidParameterException", "Request has invalid parameters")
INVALID_S3_OBJECT = _declared(
    "InvalidS3ObjectException",
    "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
)
LIMIT_EXCEEDED = _declared(
    "LimitExceededException", "{open_jobs}  open Jobs for User {user}. Maximum limit: {limit}"
)
PROVISIONED_THROUGHPUT_EXCEEDED = _declared(
    "ProvisionedThroughputExceededException", "Provisioned Rate exceeded."
)
RESOURCE_NOT_FOUND = _declared("ResourceNotFoundException", "Could not find JobId")
THROTTLING = _declared(
    "ThrottlingException", "Slow down; sudden increase in rate of requests.", status=500
)
VIDEO_TOO_LARGE = _declared(
    "VideoTooLargeException",
    "Video size in bytes: {size} is more than the maximum limit of: {limit} bytes.",
)

DECLARED = {
    kind.code: kind
    for kind in (
        ACCESS_DENIED,
        IDEMPOTENT_PARAMETER_MISMATCH,
        INTERNAL_SERVER_ERROR,
        INVALID_PAGINATION_TOKEN,
        INVALID_PARAMETER,
        INVALID_S3_OBJECT,
        LIMIT_EXCEEDED,
        PROVISIONED_THROUGHPUT_EXCEEDED,
        RESOURCE_NOT_FOUND,
        THROTTLING,
        VIDEO_TOO_LARGE,
    )
}

# Of the front end.
EXPIRED_TOKEN = FaultKind(
    "ExpiredTokenException", "The security token included in the request is expired"
)
INCOMPLETE_SIGNATURE = FaultKind("IncompleteSignatureException")
INVALID_SIGNATURE = FaultKind(
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details.",
)
MISSING_AUTHENTICATION = FaultKind(
    "MissingAuthenticationTokenException", "Missing Authentication Token"
)
REQUEST_TOO_LARGE = FaultKind(
    "RequestEntityTooLargeException", "The body of the request is too long.", status=413
)
SERIALIZATION = FaultKind("SerializationException")
UNKNOWN_OPERATION = FaultKind("UnknownOperationException")
UNRECOGNIZED_CLIENT = FaultKind(
    "UnrecognizedClientException", "The security token included in the request is invalid."
)
VALIDATION = FaultKind("ValidationException")


def body(fault: Fault) -> bytes:
    """Write the JSON by which AWS clients recognise the fault."""
    members = {"__type": fault.kind.code}
    if fault.kind.declared:
        members["Code"] = fault.kind.code
    if fault.message:
        members["Message" if fault.kind.declared else "message"] = fault.message
    return msgspec.json.encode(members)


def fault_of(error: PasserbyError) -> Fault:
    """Translate a domain error into a fault; one without a counterpart is an internal error."""
    match error:
        case ObjectError():
            return Fault(INVALID_S3_OBJECT)
        case JobNotFound():
            return Fault(RESOURCE_NOT_FOUND)
        case _:
            return Fault(INTERNAL_SERVER_ERROR)
