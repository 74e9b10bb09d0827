"""The web application that answers AWS clients over HTTP."""

import logging
import uuid
from collections.abc import Sequence

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from passerby import logs
from passerby.api import faults, metrics, openapi, protocol
from passerby.api.authorization import SignedRequest
from passerby.api.exchange import Reply, Service, fault_reply, reply
from passerby.api.faults import Fault
from passerby.server.request_body import read_body

_log = logging.getLogger(__name__)

# The longest request the model allows, each character escaped, has some 27 KB. More
# would only buy time: the model's pattern for topics is quadratic in their length.
BODY_BYTES_LIMIT = 32 * 1024


def create_app(service: Service, others: Sequence[BaseRoute] = ()) -> Starlette:
    """Build the application of a service; the routes of `others` come first.

    It answers `POST` on every path, since an endpoint URL may end in a path. Three paths
    need no signature: `/healthz`, `/metrics` and `/openapi.json`.
    """
    described = msgspec.json.encode(openapi.description())

    async def answer(request: Request) -> Response:
        request_id = str(uuid.uuid4())
        body = await read_body(request, BODY_BYTES_LIMIT)
        if body is None:
            return _fault_response(Fault(faults.REQUEST_TOO_LARGE), request_id)
        # Signature, database and result files all block.
        signed = _signed_request(request, body)
        return _response(await run_in_threadpool(reply, service, signed, request_id), request_id)

    def figures(_request: Request) -> Response:
        return Response(service.metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    def description(_request: Request) -> Response:
        return Response(described, media_type="application/json")

    return Starlette(
        routes=[
            *others,
            Route("/healthz", _health, methods=["GET"]),
            Route("/metrics", figures, methods=["GET"]),
            Route("/openapi.json", description, methods=["GET"]),
            Route("/{prefix:path}", answer, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _no_such_route, ClientDisconnect: _client_gone},
    )


def _signed_request(request: Request, body: bytes) -> SignedRequest:
    headers = request.headers.raw
    return SignedRequest(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers),
        body=body,
        client_address=request.client.host if request.client else "",
    )


def _fault_response(fault: Fault, request_id: str, status: int | None = None) -> Response:
    """Answer a request that is refused before any check, and log it."""
    result = fault_reply(fault)
    status = status or result.status
    with logs.context(request_id=request_id, status=status, code=fault.kind.code):
        _log.info("%s %d %s", request_id, status, fault.kind.code)
    return _response(Reply(status, result.body), request_id)


def _response(answer: Reply, request_id: str) -> Response:
    # Starlette sends the whole body at once, with its length: botocore takes a reply
    # that was cut off for an empty one.
    return Response(
        answer.body,
        status_code=answer.status,
        headers={protocol.REQUEST_ID_HEADER: request_id},
        media_type=protocol.CONTENT_TYPE,
    )


def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _no_such_route(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    return _fault_response(Fault(faults.UNKNOWN_OPERATION), str(uuid.uuid4()), error.status_code)


def _client_gone(_request: Request, _error: Exception) -> Response:
    _log.info("a client left, or was too slow, before its request was whole")
    return Response(status_code=400)  # never sent: the client has gone
