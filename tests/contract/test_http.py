import http.client
import json
import re
import socket
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from passerby.access.keys import AccessKey
from passerby.api.app import BODY_BYTES_LIMIT

from .conftest import Server

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def exchange(
    server: Server, method: str, path: str = "/", body: bytes = b"", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def signed_headers(server: Server, key: AccessKey, body: bytes) -> dict[str, str]:
    target = "RekognitionService.StartPersonTracking"
    request = AWSRequest("POST", server.url, headers={"X-Amz-Target": target}, data=body)
    SigV4Auth(Credentials(key.id, key.secret), "rekognition", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def test_an_answer_as_it_stands_on_the_wire(server: Server, key: AccessKey) -> None:
    body = b'{ "Video" : {"S3Object":{"Bucket":"lobby","Name":"monday.mp4"}}, "Other": null }'

    response, content = exchange(server, "POST", "/", body, **signed_headers(server, key, body))

    assert response.status == 200
    assert re.fullmatch(rb'{"JobId":"[0-9a-f]{64}"}', content)
    assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert response.headers["Content-Length"] == "76"  # as in recorded replies of the service
    assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
    assert response.headers["Date"]  # the JavaScript client corrects its clock by it


def test_each_answer_has_its_own_request_id(server: Server) -> None:
    first, _ = exchange(server, "POST")
    second, _ = exchange(server, "POST")

    assert first.headers["x-amzn-RequestId"] != second.headers["x-amzn-RequestId"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/x", id="reading the endpoint"),
        pytest.param("PUT", "/x", id="another method"),
        pytest.param("OPTIONS", "/", id="what is to be had"),
    ],
)
def test_what_no_client_sends(server: Server, method: str, path: str) -> None:
    response, content = exchange(server, method, path)

    assert response.status == 405
    assert response.headers["Allow"] == ("POST" if path == "/x" else "GET, HEAD, POST")
    assert UUID.fullmatch(response.headers["x-amzn-RequestId"])
    assert content == b'{"__type":"UnknownOperationException"}'


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        pytest.param(
            BODY_BYTES_LIMIT, 400, "MissingAuthenticationTokenException", id="at the limit"
        ),
        pytest.param(
            BODY_BYTES_LIMIT + 1, 413, "RequestEntityTooLargeException", id="beyond the limit"
        ),
    ],
)
def test_long_bodies(server: Server, length: int, status: int, code: str) -> None:
    response, content = exchange(server, "POST", "/", bytes(length))

    assert response.status == status
    assert json.loads(content)["__type"] == code


def test_the_health_check_needs_no_signature(server: Server) -> None:
    response, content = exchange(server, "GET", "/healthz")

    assert (response.status, content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/openapi.json"])
def test_a_path_names_its_methods(server: Server, path: str) -> None:
    response, _ = exchange(server, "DELETE", path)

    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_balancer_may_look_at_the_root(server: Server, method: str, accept: str) -> None:
    response, content = exchange(server, method, "/", accept=accept)

    assert response.status == 200
    assert bool(content) == (method == "GET")


def test_a_client_that_hangs_up_leaves_no_error(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port)) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")

    response, _ = exchange(server, "GET", "/healthz")

    assert response.status == 200
    assert "ERROR" not in caplog.text
