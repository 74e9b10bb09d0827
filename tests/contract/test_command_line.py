import json
import subprocess
from pathlib import Path
from typing import Any

from passerby.jobs.keys import AccessKey

from .conftest import Server, a_walk


def run(
    aws: Path, server: Server, key: AccessKey, *arguments: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_CONFIG_FILE": "absent",
        "AWS_SHARED_CREDENTIALS_FILE": "absent",
        "AWS_MAX_ATTEMPTS": "1",
    }
    endpoint = ("--endpoint-url", server.url, "--region", "eu-west-1", "--output", "json")
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
