"""Clients in other languages: those that Debian has packages of, each as its users write it."""

import glob
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import Server, a_walk

CLIENTS = Path(__file__).parent / "clients"
# Language: its program, the source, and a file of Debian's package, as a pattern.
INTERPRETED = {
    "PHP": ("php", "client.php", "/usr/share/php/AsyncAws/Core/AbstractApi.php"),
    "Ruby": ("ruby", "client.rb", "/usr/share/rubygems-integration/all/specifications/aws-sigv4-*"),
    "Perl": ("perl", "client.pl", "/usr/share/perl5/Net/Amazon/Signature/V4.pm"),
    "curl": ("bash", "client.sh", "/usr/bin/curl"),
}
GO_PACKAGES = Path("/usr/share/gocode")  # Debian's package `golang-github-aws-aws-sdk-go-dev`

Ask = Callable[..., str]  # words of the command line → what is printed


def missing(what: str) -> None:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")


@pytest.fixture(scope="session")
def go_client(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The client in Go, compiled."""
    go = shutil.which("go")
    if go is None or not (GO_PACKAGES / "src/github.com/aws/aws-sdk-go").exists():
        missing("the client in Go")
    assert go
    program = tmp_path_factory.mktemp("go") / "client"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(GO_PACKAGES), "GOFLAGS": ""}
    command = [go, "build", "-o", str(program), str(CLIENTS / "client.go")]
    subprocess.run(command, env=environment, check=True, timeout=PATIENCE_SECONDS)
    return [str(program)]


@pytest.fixture(params=[*INTERPRETED, "Go"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """Command line of a client."""
    if request.param == "Go":
        compiled: list[str] = request.getfixturevalue("go_client")
        return compiled
    program, source, needed = INTERPRETED[request.param]
    if shutil.which(program) is None or not glob.glob(needed):  # noqa: PTH207 - an absolute pattern
        missing(f"the client in {request.param}")
    return [program, str(CLIENTS / source)]


@pytest.fixture
def ask(command: list[str], server: Server, key: AccessKey) -> Ask:
    def ask(*words: str, secret: str = key.secret) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nowhere",
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL_REKOGNITION": server.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        ended = subprocess.run(
            [*command, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        )
        return ended.stdout.strip()

    return ask


def test_a_job_from_its_start_to_its_result(ask: Ask, server: Server) -> None:
    (job_id,) = re.findall("[0-9a-f]{64}", ask("start", "lobby", "monday.mp4"))
    assert "IN_PROGRESS" in ask("get", job_id)
    server.finish(job_id, a_walk(3))

    told = ask("get", job_id)

    if told.startswith("{"):
        answer = json.loads(told)
        told = f"{answer['JobStatus']} {len(answer['Persons'])}"
    assert told == "SUCCEEDED 3"


def test_errors(ask: Ask) -> None:
    told = ask("get", "0" * 64)

    assert "ResourceNotFoundException" in told
    assert "Could not find JobId" in told
    assert "InvalidSignatureException" in ask("get", "0" * 64, secret="another")
