import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from passerby.access.keys import AccessKey

from .conftest import COMMAND_LINES, Server, a_walk


def run(
    aws: Path, server: Server, key: AccessKey, *arguments: str, output: str = "json"
) -> subprocess.CompletedProcess[str]:
    environment = {
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_CONFIG_FILE": "absent",
        "AWS_SHARED_CREDENTIALS_FILE": "absent",
        "AWS_MAX_ATTEMPTS": "1",
    }
    endpoint = ("--endpoint-url", server.url, "--region", "eu-west-1", "--output", output)
    command = [str(aws), "rekognition", *arguments, *endpoint]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def answer(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    decoded: dict[str, Any] = json.loads(ended.stdout)
    return decoded


def test_the_command_line_starts_a_job_and_reads_it(
    aws: Path, server: Server, key: AccessKey
) -> None:
    video = "S3Object={Bucket=lobby,Name=monday.mp4}"
    job_id = answer(run(aws, server, key, "start-person-tracking", "--video", video))["JobId"]
    server.finish(job_id, a_walk(3))

    page = answer(
        run(aws, server, key, "get-person-tracking", "--job-id", job_id, "--max-results", "2")
    )

    assert page["JobStatus"] == "SUCCEEDED"
    assert [each["Timestamp"] for each in page["Persons"]] == [0, 1]
    assert len(page["NextToken"]) == 60


def test_the_command_line_shows_an_error(aws: Path, server: Server, key: AccessKey) -> None:
    ended = run(aws, server, key, "get-person-tracking", "--job-id", "a b")

    assert ended.returncode != 0
    assert "(ValidationException)" in ended.stderr
    assert "1 validation error detected: Value 'a b' at 'jobId'" in ended.stderr


SHORTHAND = "S3Object={Bucket=lobby,Name=monday.mp4}"
JSON = '{"S3Object":{"Bucket":"lobby","Name":"monday.mp4"}}'
YAML = "Video:\n  S3Object:\n    Bucket: lobby\n    Name: monday.mp4\nJobTag: tag\n"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--video", SHORTHAND), id="shorthand"),
        pytest.param(("--video", JSON), id="JSON"),
        pytest.param(("--cli-input-json", f'{{"Video":{JSON}}}'), id="all of it as JSON"),
    ],
)
def test_ways_to_name_the_video(
    aws: Path, server: Server, key: AccessKey, arguments: tuple[str, ...]
) -> None:
    assert len(answer(run(aws, server, key, "start-person-tracking", *arguments))["JobId"]) == 64


def test_input_from_files(aws: Path, server: Server, key: AccessKey, tmp_path: Path) -> None:
    form = "yaml" if is_second(aws) else "json"
    path = tmp_path / f"request.{form}"
    path.write_text(YAML if form == "yaml" else f'{{"Video":{JSON},"JobTag":"tag"}}')
    asked = ("start-person-tracking", f"--cli-input-{form}", f"file://{path}")

    job_id = answer(run(aws, server, key, *asked))["JobId"]

    assert server.jobs.find(job_id).tag == "tag"


def test_the_skeleton_of_a_request_names_every_member(
    aws: Path, server: Server, key: AccessKey
) -> None:
    skeleton = answer(run(aws, server, key, "start-person-tracking", "--generate-cli-skeleton"))

    assert set(skeleton) == {"Video", "ClientRequestToken", "NotificationChannel", "JobTag"}
    assert set(skeleton["Video"]["S3Object"]) == {"Bucket", "Name", "Version"}


def test_forms_of_output(aws: Path, server: Server, key: AccessKey) -> None:
    started = run(aws, server, key, "start-person-tracking", "--video", SHORTHAND)
    job_id = answer(started)["JobId"]
    server.finish(job_id, a_walk(2))
    asked = ("get-person-tracking", "--job-id", job_id, "--query", "Persons[].Timestamp")

    for form in ("json", "text", "table", *(["yaml"] if is_second(aws) else [])):
        ended = run(aws, server, key, *asked, output=form)

        assert ended.returncode == 0, ended.stderr
        assert re.findall("[0-9]+", ended.stdout) == ["0", "1"]


def is_second(aws: Path) -> bool:
    """Whether it is version 2."""
    return aws == COMMAND_LINES["v2"]
