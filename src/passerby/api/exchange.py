"""One exchange: a signed request in, a status and a body out.

The order of the checks is the service's: signature, operation, JSON and types,
constraints of the model, then what the operation itself asks.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from passerby.api import faults, protocol
from passerby.api.authorization import SignedRequest
from passerby.api.faults import Fault
from passerby.api.messages import GetPersonTrackingRequest, StartPersonTrackingRequest
from passerby.api.model import operation_inputs
from passerby.api.operations import Tracking, get_person_tracking, start_person_tracking
from passerby.api.signature import FindKey, verified
from passerby.api.validation import validated
from passerby.errors import PasserbyError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What an exchange needs: who may call, and what to work with."""

    find_key: FindKey
    tracking: Tracking


@dataclass(frozen=True)
class Reply:
    """What goes back to the client."""

    status: int
    body: bytes


def reply(service: Service, request: SignedRequest, request_id: str) -> Reply:
    """Answer a request; whatever goes wrong becomes a fault, and one line of the log."""
    began = time.monotonic()
    try:
        answer = _answer(service, request, datetime.now(UTC))
        result, outcome = Reply(200, protocol.serialised(answer)), type(answer).__name__
    except Exception as error:  # noqa: BLE001 - a client must always get an answer
        fault = _fault(error, request_id)
        result, outcome = refusal(fault), fault.kind.code
    duration_ms = 1000 * (time.monotonic() - began)
    _log.info("%s %d %s %.1f ms", request_id, result.status, outcome, duration_ms)
    return result


def refusal(fault: Fault) -> Reply:
    """Put a fault into the form of a reply."""
    return Reply(fault.kind.status, faults.body(fault))


def _answer(service: Service, request: SignedRequest, now: datetime) -> msgspec.Struct:
    account_id = verified(request, service.find_key, now).account_id
    name = protocol.operation_name(request.header(protocol.TARGET_HEADER))
    params = validated(protocol.parameters(request.body), operation_inputs()[name])
    if name == "StartPersonTracking":
        start = msgspec.convert(params, StartPersonTrackingRequest)
        return start_person_tracking(service.tracking, start, account_id)
    get = msgspec.convert(params, GetPersonTrackingRequest)
    return get_person_tracking(service.tracking, get, account_id, now)


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
