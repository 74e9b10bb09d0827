"""The plugin in a pytest of its own, as other people's tests have it."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE_SECONDS

import passerby

pytest_plugins = ["pytester"]

VIDEO = {"S3Object": {"Bucket": "cctv", "Name": "street.mp4"}}
PROGRAM = f"""
    VIDEO = {VIDEO!r}

    def start(server, **members):
        return server.client().start_person_tracking(Video=VIDEO, **members)["JobId"]

    def answer(server, job_id):
        return server.client().get_person_tracking(JobId=job_id)
"""


def outcomes(pytester: pytest.Pytester, tests: str) -> dict[str, int]:
    """Run tests of somebody else's; how many passed and failed."""
    pytester.makepyfile(PROGRAM + tests)
    plugin = ("-p", "passerby.pytest_plugin", "-p", "no:cacheprovider")
    return dict(pytester.runpytest_subprocess(*plugin, timeout=PATIENCE_SECONDS).parseoutcomes())


def test_the_server_is_new_for_each_test(pytester: pytest.Pytester) -> None:
    tests = """
    def test_one(passerby_server):
        passerby_server.script(faults=[{"code": "ThrottlingException", "times": 1}])
        job_id = start(passerby_server)
        assert len(answer(passerby_server, job_id)["Persons"]) == 50
        assert [seen.code for seen in passerby_server.requests] == [
            "ThrottlingException", "OK", "OK"
        ]

    def test_two(passerby_server):
        assert passerby_server.requests == []
        start(passerby_server)
        assert [seen.code for seen in passerby_server.requests] == ["OK"]

    def test_environment(passerby_server, monkeypatch):
        import boto3

        monkeypatch.setenv("AWS_SESSION_TOKEN", "of another key")
        for name, value in passerby_server.environment.items():
            monkeypatch.setenv(name, value)
        job = boto3.session.Session().client("rekognition").start_person_tracking(Video=VIDEO)
        assert len(job["JobId"]) == 64

    def test_wrong(passerby_server):
        assert answer(passerby_server, start(passerby_server))["JobStatus"] == "FAILED"
    """

    assert outcomes(pytester, tests) == {"passed": 3, "failed": 1}


def test_recordings_of_ones_own(pytester: pytest.Pytester) -> None:
    recorded: dict[str, Any] = {"JobStatus": "FAILED", "StatusMessage": "Damaged."}
    pytester.mkdir("recordings").joinpath("street.json").write_text(json.dumps(recorded))
    pytester.makeini("[pytest]\npasserby_recordings = recordings\n")
    tests = """
    import pytest

    def test_it(passerby_server):
        client = passerby_server.client()
        assert answer(passerby_server, start(passerby_server))["StatusMessage"] == "Damaged."
        with pytest.raises(client.exceptions.InvalidS3ObjectException):
            client.start_person_tracking(Video={"S3Object": {"Bucket": "cctv", "Name": "other"}})
    """

    assert outcomes(pytester, tests) == {"passed": 1}


def test_whoever_does_not_ask_for_it_pays_nothing() -> None:
    script = "import passerby.pytest_plugin, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(ran.stdout.split())
    assert {name for name in loaded if name.split(".")[0] == "passerby"} == {
        "passerby",
        "passerby.pytest_plugin",
    }
    assert not loaded & {"numpy", "msgspec", "starlette", "uvicorn", "boto3"}


def test_pytest_finds_it_under_the_name_of_its_module() -> None:
    root = Path(passerby.__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    name = "passerby.pytest_plugin"
    assert project["entry-points"]["pytest11"] == {name: name}
    assert not any(wanted.startswith("pytest") for wanted in project["dependencies"])
