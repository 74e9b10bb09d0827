"""Answer one request: a signed request in, a status and a body out.

The order of the checks is the service's: signature, operation, JSON and types,
constraints of the model, rights, rate, then what the operation itself asks.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from passerby import logs
from passerby.api import faults, protocol
from passerby.api.authorization import SignedRequest, parse_authorization
from passerby.api.faults import Fault
from passerby.api.forwarding import Forwarding, forward
from passerby.api.metrics import Metrics
from passerby.api.model import operation_inputs
from passerby.api.notifications import check_topic_region
from passerby.api.operations import Tracking, get_person_tracking, start_person_tracking
from passerby.api.permission import Caller, check_operation
from passerby.api.rate_limits import RateLimiter
from passerby.api.signature import Authenticator, authenticate, check_claim
from passerby.api.validation import validate
from passerby.errors import PasserbyError
from passerby.wire.answer import encode_answer
from passerby.wire.messages import (
    GetPersonTrackingRequest,
    StartPersonTrackingRequest,
    StartPersonTrackingResponse,
)

_log = logging.getLogger(__name__)

_START = "StartPersonTracking"
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reply:
    """Status and body of an answer, and headers beside the usual ones."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def _ignore(_request: SignedRequest, _reply: Reply) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Service:
    """Everything that an exchange needs: authentication, rate limits, operations, metrics."""

    authenticator: Authenticator
    rates: Mapping[str, RateLimiter]  # of an account, by operation; unlimited without one
    tracking: Tracking
    metrics: Metrics
    on_exchange: Callable[[SignedRequest, Reply], None] = _ignore  # called after each
    forwarding: Forwarding | None = None  # of the operations that are not answered here


def reply(service: Service, request: SignedRequest, request_id: str) -> Reply:
    """Answer a request and log it in one line; any error becomes a fault."""
    with logs.context(request_id=request_id, address=request.client_address):
        answer = _reply(service, request, request_id)
    service.on_exchange(request, answer)
    return answer


def other_operation(request: SignedRequest) -> str | None:
    """Name the operation of a request if it is not answered here; None otherwise."""
    name = _operation(request)
    return None if name == _UNKNOWN or protocol.is_answered_here(name) else name


def is_start(request: SignedRequest) -> bool:
    """Whether a request asks to start a job, for which the store is asked."""
    return _operation(request) == _START


def fault_before_body(service: Service, request: SignedRequest) -> Fault | None:
    """Find what is wrong with a request whose body has not been read yet."""
    try:
        check_claim(request, service.authenticator, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - a client must always get an answer
        return _fault(error, "")
    return None


def fault_reply(fault: Fault) -> Reply:
    """Turn a fault into a reply."""
    return Reply(fault.kind.status, faults.body(fault))


def start_job(
    service: Service, caller: Caller, parameters: Mapping[str, object], region: str = ""
) -> StartPersonTrackingResponse:
    """Start a job, or find that of a repeated request, with all checks of the API.

    Parameters
    ----------
    parameters : mapping
        Of StartPersonTracking, not yet validated.
    region : str
        In which a notification topic must be.

    Raises
    ------
    Fault, PasserbyError
    """
    params = _check_call(service, caller, _START, parameters)
    request = msgspec.convert(params, StartPersonTrackingRequest)
    check_topic_region(request, region)
    return start_person_tracking(service.tracking, request, caller)


def _reply(service: Service, request: SignedRequest, request_id: str) -> Reply:
    began = time.perf_counter()
    try:
        result = _answer(service, request, datetime.now(UTC))
        code = "OK" if result.status == HTTPStatus.OK else str(result.status)
    except Exception as error:  # noqa: BLE001 - a client must always get an answer
        fault = _fault(error, request_id)
        result, code = fault_reply(fault), fault.kind.code
    seconds = time.perf_counter() - began
    operation = _operation(request)
    service.metrics.count(_counted_name(operation, service), code, seconds)
    ms = round(1000 * seconds, 1)
    logs.add_context(status=result.status, operation=operation, code=code, ms=ms)
    _log.info("%s %d %s %s %s ms", request_id, result.status, operation, code, ms)
    return result


def _answer(service: Service, request: SignedRequest, now: datetime) -> Reply:
    caller = authenticate(request, service.authenticator, now)
    logs.add_context(account_id=caller.account_id, key_id=caller.id)
    name = protocol.operation_name(request.header(protocol.TARGET_HEADER))
    if not protocol.is_answered_here(name):
        other = forward(service.forwarding, caller, name, request)
        return Reply(other.status, other.body, other.headers)
    return Reply(200, encode_answer(_own_answer(service, request, caller, name, now)))


def _own_answer(
    service: Service, request: SignedRequest, caller: Caller, name: str, now: datetime
) -> msgspec.Struct:
    given = _parameters(name, request)
    _check_unsigned_target(name, request, given)
    if name == _START:
        started = start_job(service, caller, given, parse_authorization(request).region)
        logs.add_context(job_id=started.job_id)
        return started
    get = msgspec.convert(_check_call(service, caller, name, given), GetPersonTrackingRequest)
    logs.add_context(job_id=get.job_id)
    return get_person_tracking(service.tracking, get, caller, now)


def _parameters(name: str, request: SignedRequest) -> Mapping[str, object]:
    """Join the parameters of the body and the query; those of the body win."""
    params = protocol.parameters(request.body)
    if name == "GetPersonTracking" and request.query:
        return {**protocol.parse_query(request.query), **params}
    return params


def _check_unsigned_target(name: str, request: SignedRequest, given: Mapping[str, object]) -> None:
    """Refuse an operation named by an unsigned header if the signed body fits another.

    Some signers sign `host` and `x-amz-date` alone. Whoever changes their target on the way
    must not gain another operation: each requires a member that the others do not have.
    """
    if protocol.TARGET_HEADER in parse_authorization(request).signed_headers:
        return
    required = {key: shape.required for key, shape in operation_inputs().items()}
    fitting = [key for key, members in required.items() if members <= given.keys()]
    if name in fitting and len(fitting) > 1:
        raise Fault(
            faults.INVALID_SIGNATURE,
            f"'{protocol.TARGET_HEADER}' must be a 'SignedHeader' in the AWS Authorization, "
            "because the body fits another operation as well.",
        )


def _check_call(
    service: Service, caller: Caller, operation: str, parameters: Mapping[str, object]
) -> Mapping[str, object]:
    """Check parameters, rights and rate of a call; return the validated parameters."""
    params = validate(parameters, operation_inputs()[operation])
    check_operation(caller, operation)
    _check_rate(service, caller, operation)
    return params


def _check_rate(service: Service, caller: Caller, operation: str) -> None:
    """Count a call of an account; raises ProvisionedThroughputExceededException."""
    rate = service.rates.get(operation)
    if rate is not None and not rate.take(caller.account_id):
        raise Fault(faults.PROVISIONED_THROUGHPUT_EXCEEDED)


def _counted_name(operation: str, service: Service) -> str:
    """Name the operation for the metrics, which must not grow with what callers send."""
    if operation == _UNKNOWN or protocol.is_answered_here(operation):
        return operation
    return "forwarded" if service.forwarding else _UNKNOWN


def _operation(request: SignedRequest) -> str:
    """Name the operation for the log."""
    try:
        return protocol.operation_name(request.header(protocol.TARGET_HEADER))
    except Fault:
        return _UNKNOWN


def _fault(error: Exception, request_id: str) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, PasserbyError):
        fault = faults.fault_of(error)
    else:
        fault = Fault(faults.INTERNAL_SERVER_ERROR)
    if fault.kind is faults.INTERNAL_SERVER_ERROR:
        # The client learns nothing but the request id; the log has the rest.
        _log.error("%s internal error", request_id, exc_info=error)
    return fault
