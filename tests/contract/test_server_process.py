"""The server as a process: TLS, its end, and what it tells of itself."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families
from tests.waiting import PATIENCE_SECONDS, wait_until

from .conftest import connect


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    log: Path
    key_id: str
    secret: str
    url: str


@contextmanager
def serving(data: Path, **settings: object) -> Iterator[Running]:
    """`passerby serve` on a free port, with a new data folder."""
    named = {f"PASSERBY_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "passerby", "serve", "--no-worker", "--port", "0"]
    log = data / "server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, "--data", str(data)],
            env=os.environ | named,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            values = [process.stdout.readline().partition("=")[2].strip() for _ in range(3)]
            wait_for(log, "startup complete")
            yield Running(process, log, *values)
        finally:
            process.terminate()


def wait_for(log: Path, text: str) -> None:
    wait_until(lambda: text in log.read_text())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of a certificate for 127.0.0.1, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "passerby test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(secret)
    return folder / "certificate.pem", folder / "key.pem"


def code(running: Running) -> str:
    """Error code with which a job that is not there is answered."""
    client = connect(running.url, running.key_id, running.secret)
    with pytest.raises(ClientError) as caught:
        client.get_person_tracking(JobId="0" * 64)
    return str(caught.value.response["Error"]["Code"])


def test_tls(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    with serving(tmp_path, tls_certificate=certificate[0], tls_key=certificate[1]) as running:
        assert running.url.startswith("https://127.0.0.1:")
        assert code(running) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        pytest.param({"TLS_KEY": "key.pem"}, "TLS needs both", id="half of it"),
        pytest.param(
            {"TLS_KEY": "absent.pem", "TLS_CERTIFICATE": "absent.pem"},
            "The certificate cannot be used",
            id="no such files",
        ),
    ],
)
def test_tls_that_cannot_be(tmp_path: Path, settings: dict[str, str], text: str) -> None:
    named = {f"PASSERBY_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "passerby", "serve", "--no-worker", "--port", "0"]

    ended = subprocess.run(
        [*command, "--data", tmp_path],
        env=os.environ | named,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert ended.returncode == 1
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


def test_limits_log_figures_and_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, gets_per_second=0.001) as running:
        assert code(running) == "ResourceNotFoundException"
        assert code(running) == "ProvisionedThroughputExceededException"

        found = figures(running.url)
        assert found["passerby_requests_total"] == 2
        assert found["passerby_queue_age_seconds"] == 0

        connection = half_a_request(running.url)
        figures(running.url)  # what was sent before this is heard before it
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses_connections(running.url))
        connection.send(b"{}")
        response = connection.getresponse()
        assert json.loads(response.read())["__type"] == "MissingAuthenticationTokenException"
        assert running.process.wait(PATIENCE_SECONDS) == 0

        log = running.log.read_text()
        assert response.headers["x-amzn-RequestId"] in log
        assert running.secret not in log
        assert "no TLS" not in log


def figures(url: str) -> dict[str, float]:
    """Sums of `/metrics`, by name."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return {
        sample.name: sum(each.value for each in family.samples if each.name == sample.name)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def half_a_request(url: str) -> http.client.HTTPConnection:
    """A connection over which the head of a request has been sent."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "2")
    connection.endheaders()
    return connection


def refuses_connections(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS).close()
    except ConnectionError:
        return True
    return False
