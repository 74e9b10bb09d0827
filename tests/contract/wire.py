"""What is said to a server byte for byte, and a judgement of what it answers.

The judges are botocore's service model and parser; the codes of AWS's front end, which
the model leaves out, are listed here as AWS documents them under "Common errors".
"""

import contextlib
import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import botocore.loaders
import botocore.parsers
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import ServiceModel, Shape
from tests.attempts import ATTEMPTS
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

MODEL = ServiceModel(botocore.loaders.Loader().load_service_model("rekognition", "service-2"))
OPERATIONS = ("StartPersonTracking", "GetPersonTracking")
DECLARED = {error.name for name in OPERATIONS for error in MODEL.operation_model(name).error_shapes}
UNSIGNED = {
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
FRONT_END = UNSIGNED | {
    "RequestEntityTooLargeException",
    "SerializationException",
    "UnknownOperationException",
    "ValidationException",
}
# A request of each operation that fits the model, and what becomes of it here.
FITTING: dict[str, dict[str, Any]] = {
    "StartPersonTracking": {
        "Video": {"S3Object": {"Bucket": "absent", "Name": "n", "Version": "v"}},
        "ClientRequestToken": "t",
        "NotificationChannel": {
            "SNSTopicArn": "arn:aws:sns:us-east-1:123456789012:t",
            "RoleArn": "arn:aws:iam::123456789012:role/r",
        },
        "JobTag": "g",
    },
    "GetPersonTracking": {"JobId": "j", "MaxResults": 1, "NextToken": "", "SortBy": "INDEX"},
}
UNDERSTOOD = {
    "StartPersonTracking": "InvalidS3ObjectException",
    "GetPersonTracking": "ResourceNotFoundException",
}
NOT_JSON, NOT_FITTING = "SerializationException", "ValidationException"
# What comes before there is a request that could be answered in the form of AWS.
NO_REQUEST = (b"Invalid HTTP request received.", b"Request line or headers too long.")
OTHER_STATUS = {
    "RequestEntityTooLargeException": {413},
    "UnknownOperationException": {400, 404, 405},
}

HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
QUIET_SECONDS = 0.3  # after which nothing more is said to half a request


@dataclass(frozen=True)
class Answer:
    """One answer as it stood on the wire; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """`OK`, the code of the error, or "" where there was no request to answer."""
        if self.status == 200:
            return "OK"
        return "" if self.body in NO_REQUEST else str(json.loads(self.body)["__type"])


def signed(
    url: str,
    key: AccessKey,
    body: bytes,
    target: str = "/",
    operation: str = "GetPersonTracking",
) -> bytes:
    """Whole request as botocore signs it, after which the connection is to be closed."""
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{operation}",
    }
    request = AWSRequest("POST", url + target, headers=headers, data=body)
    SigV4Auth(Credentials(key.id, key.secret), "rekognition", "us-east-1").add_auth(request)
    lines = [f"POST {target} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += ["Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _BodyQueryAuth(SigV4QueryAuth):  # type: ignore[misc]
    """botocore's presigning, of a body that stays in the request."""

    def __init__(self, key: AccessKey, body: bytes, life: int) -> None:
        super().__init__(Credentials(key.id, key.secret), "rekognition", "us-east-1", life)
        self._body = body

    def payload(self, _request: AWSRequest) -> str:
        return sha256(self._body).hexdigest()


def presigned(url: str, key: AccessKey, body: bytes, target: str = "/", life: int = 600) -> bytes:
    """The same with the signature in the query, which holds for `life` seconds."""
    headers = {"X-Amz-Target": "RekognitionService.GetPersonTracking"}
    request = AWSRequest("POST", url + target, headers=headers)
    _BodyQueryAuth(key, body, life).add_auth(request)
    parts = urlsplit(request.url)
    lines = [f"POST {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += ["Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def said(url: str, *pieces: bytes, patience: float) -> bytes:
    """All that a server answers to these bytes until it closes or stays quiet for long."""
    ATTEMPTS["requests byte for byte"] += 1
    parts = urlsplit(url)
    received = bytearray()
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=patience) as client,
        # A server that has heard enough hangs up, perhaps before all was said.
        contextlib.suppress(ConnectionResetError, BrokenPipeError, TimeoutError),
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                client.sendall(piece)
        finally:
            while chunk := client.recv(65536):
                received += chunk
                # Half an answer is waited for, however slow the machine.
                client.settimeout(patience if _is_whole(bytes(received)) else PATIENCE_SECONDS)
    return bytes(received)


def _is_whole(received: bytes) -> bool:
    """Whether these bytes end where an answer does."""
    while head := HEAD.match(received):
        end = head.end() + _body_length(head)
        if len(received) < end:
            return False
        received = received[end:]
    return not received


def _headers(head: re.Match[bytes]) -> dict[str, str]:
    lines = head[2].decode("latin-1").split("\r\n")[:-1]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def _body_length(head: re.Match[bytes]) -> int:
    return 0 if head[1] == b"100" else int(_headers(head)["content-length"])


def answers(received: bytes) -> list[Answer]:
    """Answers one after another, each of which must be whole and have its length."""
    found = []
    while received:
        head = HEAD.match(received)
        assert head, received[:200]
        headers, length = _headers(head), _body_length(head)
        body, received = received[head.end() :][:length], received[head.end() + length :]
        assert len(body) == length
        found.append(Answer(int(head[1]), headers, body))
    return [each for each in found if each.status != 100]


def ask(url: str, *pieces: bytes) -> Answer:
    """The one answer to a request that must be answered."""
    (answer,) = answers(said(url, *pieces, patience=PATIENCE_SECONDS))
    judge(answer)
    return answer


def judge(answer: Answer) -> None:
    """See that an answer is one that AWS's clients understand, and no fault of ours."""
    if answer.body in NO_REQUEST:
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        return
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    if answer.status == 200:
        return
    read = botocore.parsers.create_parser("json").parse(
        {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body},
        MODEL.operation_model("GetPersonTracking").output_shape,
    )
    members = json.loads(answer.body)
    code = read["Error"]["Code"]
    assert code in DECLARED | FRONT_END
    assert code != "InternalServerError"
    declared = {"__type": code, "Code": code, "Message": read["Error"]["Message"]}
    assert members == declared or (code in FRONT_END and members.keys() <= {"__type", "message"})
    status = {500} if code == "ThrottlingException" else OTHER_STATUS.get(code, {400})
    assert answer.status in status


def post(url: str, key: AccessKey, name: str, body: object) -> Answer:
    """The answer to a signed request; `body` is what JSON shall say, or its bytes."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(url, signed(url, key, text, operation=name))


def members(name: str) -> Iterator[tuple[tuple[str, ...], Shape]]:
    """Every member of an operation's input, at any depth, with its path."""
    return _members(MODEL.operation_model(name).input_shape)


def _members(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape]]:
    for name, member in shape.members.items():
        yield (*path, name), member
        if member.type_name == "structure":
            yield from _members(member, (*path, name))
