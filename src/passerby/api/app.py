"""The web application that answers AWS clients over HTTP."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from passerby import logs
from passerby.api import faults, metrics, openapi, protocol
from passerby.api.authorization import SignedRequest
from passerby.api.call_pool import CallPool
from passerby.api.cors import cors
from passerby.api.exchange import (
    Reply,
    Service,
    fault_before_body,
    fault_reply,
    is_start,
    other_operation,
    reply,
)
from passerby.api.faults import Fault
from passerby.api.forwarding import BODY_BYTES_LIMIT as FORWARDED_BYTES_LIMIT
from passerby.api.forwarding import not_forwarded
from passerby.server.allowed_methods import allowed_methods
from passerby.server.request_body import read_body

_log = logging.getLogger(__name__)

# The longest request the model allows, each character escaped, has some 27 KB.
BODY_BYTES_LIMIT = 32 * 1024
# Starts are short, but wait for the store: so many may, before any are refused.
WAITING_STARTS = 500

_ROOT_TEXT = "passerby answers StartPersonTracking and GetPersonTracking here, by POST.\n"


def create_app(
    service: Service,
    others: Sequence[BaseRoute] = (),
    *,
    home: str | None = None,
    cors_origins: Sequence[str] = (),
) -> Starlette:
    """Build the application of a service; the routes of `others` come first.

    It answers `POST` on every path, since an endpoint URL may end in a path. `GET` of four
    paths needs no signature: `/`, `/healthz`, `/metrics` and `/openapi.json`.

    Parameters
    ----------
    home : str, optional
        Path to which a person is led who opens `/` in a browser.
    cors_origins : sequence of str
        Origins whose pages may call the API; "*" is any.
    """
    answers = _Answers(service, home, msgspec.json.encode(openapi.description()))
    methods = ["POST", "OPTIONS"] if cors_origins else ["POST"]
    return Starlette(
        routes=[
            *others,
            Route("/", answers.root, methods=["GET"]),
            Route("/healthz", _health, methods=["GET"]),
            Route("/metrics", answers.figures, methods=["GET"]),
            Route("/openapi.json", answers.description, methods=["GET"]),
            Route("/{prefix:path}", answers.call, methods=methods, middleware=cors(cors_origins)),
        ],
        exception_handlers={HTTPException: _no_such_route, ClientDisconnect: _client_gone},
    )


@dataclass(frozen=True)
class _Answers:
    """The endpoints of one service."""

    service: Service
    home: str | None
    described: bytes  # in OpenAPI
    # Signature, database and result files all block; a store and another endpoint may hang.
    reads: CallPool = field(default_factory=CallPool)
    starts: CallPool = field(default_factory=lambda: CallPool(waiting=WAITING_STARTS))
    forwarded: CallPool = field(default_factory=CallPool)

    async def call(self, request: Request) -> Response:
        """Answer a call of an operation."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed_methods(request)})
        request_id = str(uuid.uuid4())
        try:
            answer = await self._reply(_signed_request(request, b""), request, request_id)
        except Fault as fault:
            return _fault_response(fault, request_id)
        return _response(answer, request_id)

    async def _reply(self, head: SignedRequest, request: Request, request_id: str) -> Reply:
        """Read the body and answer; raises Fault where the body is not even read."""
        other = other_operation(head)
        if other is not None and self.service.forwarding is not None:
            return await self._forward(head, request, request_id)
        body = await read_body(request, BODY_BYTES_LIMIT)
        if body is None:
            # An image, perhaps: whoever sends it must learn that it is of no use here.
            raise not_forwarded(other) if other else Fault(faults.REQUEST_TOO_LARGE)
        answer = partial(reply, self.service, replace(head, body=body), request_id)
        if not is_start(head):
            return await self.reads.run(answer)
        async with self.starts.place(len(body)):
            return await self.starts.run(answer)

    async def _forward(self, head: SignedRequest, request: Request, request_id: str) -> Reply:
        """Answer a call of another operation, whose body may be long; raises Fault."""
        length = request.headers.get("content-length")
        async with self.forwarded.place(None if length is None else int(length)):
            # Nobody but the holders of keys may fill the memory.
            fault = await self.reads.run(partial(fault_before_body, self.service, head))
            if fault is not None:
                raise fault
            body = await read_body(request, FORWARDED_BYTES_LIMIT)
            if body is None:
                raise Fault(faults.REQUEST_TOO_LARGE)
            signed = replace(head, body=body)
            return await self.forwarded.run(partial(reply, self.service, signed, request_id))

    def root(self, request: Request) -> Response:
        """Lead a person to the console; tell anything else that the server is there."""
        headers = {"Vary": "Accept", "Cache-Control": "no-store"}
        if self.home is not None and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(self.home, 307, headers)
        return PlainTextResponse(_ROOT_TEXT, headers=headers)

    def figures(self, _request: Request) -> Response:
        """Write the metrics."""
        return Response(self.service.metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    def description(self, _request: Request) -> Response:
        """Write the description in OpenAPI."""
        return Response(self.described, media_type="application/json")


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
        headers={protocol.REQUEST_ID_HEADER: request_id, **answer.headers},
        media_type=protocol.CONTENT_TYPE,
    )


async def _health(_request: Request) -> Response:
    """Answer in the event loop, which no thread that hangs holds up."""
    return PlainTextResponse("ok")


def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    fault = Fault(faults.UNKNOWN_OPERATION)
    response = _fault_response(fault, str(uuid.uuid4()), error.status_code)
    response.headers["Allow"] = allowed_methods(request)
    return response


def _client_gone(_request: Request, _error: Exception) -> Response:
    _log.info("a client left, or was too slow, before its request was whole")
    return Response(status_code=400)  # never sent: the client has gone
