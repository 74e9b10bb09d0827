"""What the server says to pages of other origins (Fetch standard, "HTTP CORS protocol")."""

from collections.abc import Iterator

import pytest

from passerby.api.app import BODY_BYTES_LIMIT

from .conftest import Server, serving
from .test_http import exchange

APP = "https://app.example"
# Of a call of the SDK for JavaScript, version 3, in a browser.
SENT = (
    "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-date,x-amz-target,"
    "x-amz-user-agent"
)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("one"), cors_origins=[f"{APP}:443", "x://y"]) as server:
        yield server


@pytest.fixture(scope="module")
def anybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("any"), cors_origins=["*"]) as server:
        yield server


def preflight(server: Server, origin: str, path: str = "/") -> dict[str, str]:
    """Names of headers in lower case, values as they come; the status as `status`."""
    response, _ = exchange(
        server,
        "OPTIONS",
        path,
        origin=origin,
        access_control_request_method="POST",
        access_control_request_headers=SENT,
    )
    return {"status": str(response.status), **{n.lower(): v for n, v in response.getheaders()}}


@pytest.mark.parametrize("path", ["/", "/prefix/of/an/endpoint"])
def test_a_preflight_of_a_known_origin(one: Server, path: str) -> None:
    answer = preflight(one, APP, path)

    assert answer["status"] == "200"
    assert answer["access-control-allow-origin"] == APP
    assert answer["access-control-allow-methods"] == "POST"
    assert answer["access-control-allow-headers"] == SENT
    assert answer["access-control-max-age"] == "3600"
    assert "Origin" in answer["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("http://app.example", id="another scheme"),
        pytest.param("https://app.example:8443", id="another port"),
        pytest.param("https://app.example.evil", id="a longer name"),
        pytest.param("https://evil.app.example", id="below it"),
        pytest.param("null", id="a file or a sandbox"),
    ],
)
def test_a_preflight_of_another_origin(one: Server, origin: str) -> None:
    answer = preflight(one, origin)

    assert answer["status"] == "400"
    assert "access-control-allow-origin" not in answer


@pytest.mark.parametrize("length", [0, BODY_BYTES_LIMIT + 1])
def test_refusals_can_be_read_as_well(one: Server, length: int) -> None:
    response, _ = exchange(one, "POST", "/", bytes(length), origin=APP)

    assert response.status >= 400
    assert response.headers["Access-Control-Allow-Origin"] == APP
    exposed = response.headers["Access-Control-Expose-Headers"].lower().split(", ")
    assert set(exposed) == {"x-amzn-requestid", "date"}


def test_credentials_of_the_browser_are_never_allowed(one: Server, anybody: Server) -> None:
    for server in (one, anybody):
        for cookie in ("", "a=b"):
            response, _ = exchange(server, "POST", "/", origin=APP, cookie=cookie)
            assert response.headers["Access-Control-Allow-Origin"] in {APP, "*"}
            assert response.headers["Access-Control-Allow-Credentials"] is None
        assert "access-control-allow-credentials" not in preflight(server, APP)


def test_any_origin(anybody: Server) -> None:
    assert preflight(anybody, "null")["access-control-allow-origin"] == "*"


def test_nothing_is_said_unless_origins_are_set(server: Server) -> None:
    response, _ = exchange(server, "POST", "/", origin=APP)

    assert response.headers["Access-Control-Allow-Origin"] is None
    assert preflight(server, APP)["status"] == "405"


def test_what_can_be_done_with_a_path(one: Server) -> None:
    response, _ = exchange(one, "OPTIONS", "/x")

    assert (response.status, response.headers["Allow"]) == (204, "OPTIONS, POST")
