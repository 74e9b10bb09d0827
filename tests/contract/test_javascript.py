import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import JAVASCRIPT, Server, a_walk


@pytest.fixture(params=["v2.cjs", "v3.mjs"])
def script(request: pytest.FixtureRequest) -> Path:
    return JAVASCRIPT / str(request.param)


def ask(
    node: str, script: Path, server: Server, key: AccessKey, action: str, **members: object
) -> Any:  # noqa: ANN401 - JSON
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_ENDPOINT_URL_REKOGNITION": server.url,
        "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
    }
    if key.session_token:
        environment["AWS_SESSION_TOKEN"] = key.session_token
    ended = subprocess.run(
        [node, script, action, json.dumps(members)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    return json.loads(ended.stdout)


VIDEO = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}


def test_a_job_from_its_start_to_its_last_page(
    node: str, script: Path, server: Server, key: AccessKey
) -> None:
    refused = ask(node, script, server, key, "start", Video=VIDEO, JobTag="ä")
    assert refused["error"] == "ValidationException"
    job_id = ask(node, script, server, key, "start", Video=VIDEO, JobTag="tag")["JobId"]
    running = ask(node, script, server, key, "get", JobId=job_id)
    assert (running["JobStatus"], running["Persons"]) == ("IN_PROGRESS", [])
    server.finish(job_id, a_walk(5))

    pages = ask(node, script, server, key, "pages", JobId=job_id, pageSize=2)

    timestamps = [[each["Timestamp"] for each in page["Persons"]] for page in pages]
    assert timestamps == [[0, 1], [2, 3], [4]]
    assert all(page["JobTag"] == "tag" for page in pages)


def test_errors_have_their_names(node: str, script: Path, server: Server, key: AccessKey) -> None:
    assert ask(node, script, server, key, "get", JobId="0" * 64) == {
        "error": "ResourceNotFoundException",
        "message": "Could not find JobId",
    }


def test_a_temporary_key(node: str, script: Path, server: Server) -> None:
    key = server.keys.create("777777777777", life=timedelta(minutes=1))

    assert "JobId" in ask(node, script, server, key, "start", Video=VIDEO)
