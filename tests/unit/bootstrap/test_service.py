import logging

import pytest
from starlette.applications import Starlette

from passerby.bootstrap.service import endpoint
from passerby.server.listening import config
from passerby.settings import Settings


@pytest.mark.parametrize(
    ("host", "warned"),
    [
        pytest.param("127.0.0.1", False, id="loopback"),
        pytest.param("127.5.5.5", False, id="all of loopback"),
        pytest.param("::1", False, id="loopback, IPv6"),
        pytest.param("localhost", False, id="loopback by name"),
        pytest.param("0.0.0.0", True, id="everywhere"),  # noqa: S104 - the danger in question
        pytest.param("::", True, id="everywhere, IPv6"),
        pytest.param("192.0.2.1", True, id="another address"),
        pytest.param("host.example", True, id="another name"),
    ],
)
def test_a_server_without_tls_warns_beyond_loopback(
    host: str,
    warned: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    config(Starlette(), Settings(host=host))

    assert any("no TLS" in message for message in caplog.messages) is warned
    assert all(record.levelno == logging.WARNING for record in caplog.records)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        pytest.param("127.0.0.1", "http://127.0.0.1:8420", id="IPv4"),
        pytest.param("::1", "http://[::1]:8420", id="IPv6"),
    ],
)
def test_where_a_server_is_found(host: str, url: str) -> None:
    assert endpoint(Settings(host=host)) == url


def test_clients_are_told_the_public_url() -> None:
    assert endpoint(Settings(public_url="https://api.example/rek")) == "https://api.example/rek"
