"""`passerby serve --replay` as a CI job uses it: a process, and programs in other languages."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.replay.keys import TEST_KEY
from passerby.wire.answer import encode_answer, whole_answer

from .conftest import JAVASCRIPT, VIDEO, a_walk, connect

LOBBY = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone"
SCRIPT = """
page_rows = 2

[[jobs]]
tag = "slow"
polls = 1

[[jobs]]
tag = "bad"
failure = "Unsupported codec/format."

[[faults]]
code = "AccessDeniedException"
tag = "secret"
"""


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    url: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "monday.json").write_bytes(encode_answer(whole_answer(VIDEO, a_walk(5))))
    (folder / "script.toml").write_text(SCRIPT)
    return folder


@contextmanager
def replaying(folder: Path, **settings: str) -> Iterator[Running]:
    """The server as a process on a free port."""
    command = [sys.executable, "-m", "passerby", "serve", "--port", "0", "--replay", str(folder)]
    with subprocess.Popen(
        command,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout
            lines = [process.stdout.readline().strip() for _ in range(5)]
            variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
            url = variables["AWS_ENDPOINT_URL_REKOGNITION"]
            assert healthy(url)
            yield Running(process, url, variables | {"PATH": os.environ["PATH"]})
        finally:
            process.terminate()


def healthy(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/healthz")
    response = connection.getresponse()
    connection.close()
    return response.status == 200


@pytest.fixture(scope="module")
def running(recordings: Path) -> Iterator[Running]:
    with replaying(recordings) as server:
        yield server


def test_the_key_is_always_the_same(running: Running) -> None:
    assert running.environment["AWS_ACCESS_KEY_ID"] == TEST_KEY.id == "AKIAPASSERBYSTANDINS"
    assert running.environment["AWS_SECRET_ACCESS_KEY"] == TEST_KEY.secret == "notasecret" * 4


def ask_aws(aws: Path, running: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    common = ("--endpoint-url", running.url, "--region", "us-east-1", "--output", "json")
    return subprocess.run(
        [str(aws), "rekognition", *arguments, *common],
        env=running.environment | {"AWS_CONFIG_FILE": "absent"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_the_command_line_of_aws(aws: Path, running: Running) -> None:
    video = ("start-person-tracking", "--video", "S3Object={Bucket=lobby,Name=monday.mp4}")
    job_id = json.loads(ask_aws(aws, running, *video).stdout)["JobId"]

    page = json.loads(ask_aws(aws, running, "get-person-tracking", "--job-id", job_id).stdout)
    refused = ask_aws(aws, running, *video, "--job-tag", "secret")

    assert (page["JobStatus"], len(page["Persons"])) == ("SUCCEEDED", 2)
    assert "(AccessDeniedException)" in refused.stderr


@pytest.mark.parametrize("script", ["v2.cjs", "v3.mjs"])
def test_the_sdks_for_javascript(node: str, running: Running, script: str) -> None:
    def ask(action: str, **members: object) -> Any:  # noqa: ANN401 - JSON
        command = [node, str(JAVASCRIPT / script), action, json.dumps(members)]
        quiet = {"AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
        environment = running.environment | quiet
        return json.loads(
            subprocess.check_output(command, env=environment, timeout=PATIENCE_SECONDS)
        )

    job_id = ask("start", Video=LOBBY, JobTag="slow")["JobId"]

    assert ask("get", JobId=job_id)["JobStatus"] == "IN_PROGRESS"
    pages = [page["Persons"] for page in ask("pages", JobId=job_id, pageSize=1000)]
    assert [[each["Timestamp"] for each in page] for page in pages] == [[0, 1], [2, 3], [4]]
    bad = ask("start", Video=LOBBY, JobTag="bad")["JobId"]
    assert ask("get", JobId=bad)["StatusMessage"] == "Unsupported codec/format."


class Receiver(BaseHTTPRequestHandler):
    """Gives the server what is posted."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Hook)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Hook(HTTPServer):
    """A webhook's server, which remembers what it was told."""

    told: list[dict[str, Any]]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook(("127.0.0.1", 0), Receiver) as server:
        server.told = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_webhook_is_told_and_the_process_ends(recordings: Path, hook: Hook) -> None:
    url = f"http://127.0.0.1:{hook.server_port}/"
    setting = json.dumps([{"topics": "*", "url": url, "secret": "s"}])
    channel = {"SNSTopicArn": TOPIC, "RoleArn": "arn:aws:iam::123456789012:role/r"}
    with replaying(recordings, PASSERBY_WEBHOOKS=setting) as server:
        client = connect(server.url, TEST_KEY.id, TEST_KEY.secret)

        started = client.start_person_tracking(Video=LOBBY, NotificationChannel=channel)

        wait_until(lambda: bool(hook.told))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE_SECONDS) == 0
    (told,) = hook.told
    assert json.loads(told["Message"])["JobId"] == started["JobId"]
