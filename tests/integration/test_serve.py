import json
import os
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from tests.waiting import wait_until

from .conftest import (
    BUCKET,
    Service,
    all_persons,
    done,
    ended,
    printed,
    python,
    run,
    serving,
    start,
)

ANY_JOB = "0" * 64


@pytest.fixture(scope="module")
def client(service: Service) -> BaseClient:
    return service.client()


@pytest.fixture(scope="module")
def job_id(client: BaseClient) -> str:
    """A job that has succeeded, of the sample."""
    job_id = start(client, "people.mp4", JobTag="lobby:42")
    ended(client, job_id)
    return job_id


@pytest.fixture(scope="module")
def answer(tracked: Path) -> dict[str, Any]:
    """What `passerby track` makes of the same file."""
    written: dict[str, Any] = json.loads((tracked / "people-walking.json").read_bytes())
    return written


def in_any_order(persons: list[dict[str, Any]]) -> list[str]:
    """The items as text; a client gives their members in an order of its own."""
    return sorted(json.dumps(each, sort_keys=True) for each in persons)


def test_the_first_start_prints_what_a_client_needs(service: Service) -> None:
    assert list(service.environment) == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL_REKOGNITION",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ]
    assert service.environment["AWS_ENDPOINT_URL_REKOGNITION"] == service.url
    assert service.url.startswith("http://127.0.0.1:")


def test_the_answer_is_that_of_the_command_line(
    client: BaseClient, job_id: str, answer: dict[str, Any]
) -> None:
    page = ended(client, job_id)

    del page["ResponseMetadata"]
    assert page == answer | {
        "JobId": job_id,
        "JobTag": "lobby:42",
        "Video": {"S3Object": {"Bucket": "cctv", "Name": "people.mp4"}},
        "Persons": answer["Persons"][:1000],
    }


def test_pages_by_time(client: BaseClient, job_id: str, answer: dict[str, Any]) -> None:
    found = all_persons(client, job_id, MaxResults=99)

    assert found == answer["Persons"]
    keys = [(each["Timestamp"], each["Person"]["Index"]) for each in found]
    assert keys == sorted(keys)


def test_pages_by_person(
    client: BaseClient, job_id: str, answer: dict[str, Any], tracked: Path
) -> None:
    rows = pq.read_table(tracked / "people-walking.parquet").to_pylist()
    surest_first = sorted(
        rows, key=lambda row: (row["person_index"], -row["confidence"], row["timestamp_ms"])
    )

    found = all_persons(client, job_id, MaxResults=99, SortBy="INDEX")

    assert [(each["Person"]["Index"], each["Timestamp"]) for each in found] == [
        (row["person_index"], row["timestamp_ms"]) for row in surest_first
    ]
    assert in_any_order(found) == in_any_order(answer["Persons"])


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param(1, 1, id="one"),
        pytest.param(1_000_000, None, id="more than there are"),
    ],
)
def test_the_length_of_a_page(
    client: BaseClient, job_id: str, answer: dict[str, Any], asked: int, given: int | None
) -> None:
    page = client.get_person_tracking(JobId=job_id, MaxResults=asked)

    there_are = len(answer["Persons"])
    assert len(page["Persons"]) == (given or min(there_are, 1000))
    assert ("NextToken" in page) == (len(page["Persons"]) < there_are)
    assert len(page.get("NextToken", "")) <= 255


def test_the_job_on_the_command_line(service: Service, job_id: str) -> None:
    data = ("--data", service.data)
    listed = done("jobs", "list", *data, "--state", "succeeded")
    watched = done("jobs", "watch", job_id[:12], *data)

    assert job_id[:12] in listed
    assert "cctv/people.mp4" in watched
    assert "lobby:42" in watched
    shown = json.loads(done("jobs", "show", job_id, *data, "--json"))
    assert (shown["state"], shown["tag"]) == ("succeeded", "lobby:42")


def test_a_key_is_made_for_the_server_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Servers of other tests run as well.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    with serving(tmp_path / "data", "--no-worker") as service:
        made = run("keys", "create")

        assert f"A key of the server at {service.url}, data folder {service.data}" in made.stderr
        lines = made.stdout.splitlines()
        variables = dict(line.removeprefix("export ").split("=") for line in lines)
        assert variables["AWS_ENDPOINT_URL_REKOGNITION"] == service.url
        client = service.client(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        assert code(client) == "ResourceNotFoundException"


def test_keys_made_and_revoked_beside_the_running_server(service: Service) -> None:
    data = ("--data", service.data)
    key = json.loads(done("keys", "create", *data, "--json"))
    assert list(key) == ["AccessKeyId", "SecretAccessKey"]
    client = service.client(*key.values())
    assert code(client) == "ResourceNotFoundException"

    assert key["AccessKeyId"] in done("keys", "list", *data)
    done("keys", "revoke", key["AccessKeyId"], *data)

    wait_until(lambda: code(client) == "UnrecognizedClientException")
    assert key["AccessKeyId"] not in done("keys", "list", *data)
    assert run("keys", "revoke", key["AccessKeyId"], *data).returncode == 1


def test_a_key_of_another_account_has_its_videos_named(service: Service) -> None:
    command = ("keys", "create", "--account", "222222222222", "--data", service.data, "--json")
    own, named = run(*command), run(*command, "--videos", f"{BUCKET}/people.mp4")

    assert "incoming" not in own.stdout
    assert "uploads/222222222222/*" in own.stderr
    assert "222222222222/*" not in named.stderr
    clients = [service.client(*json.loads(made.stdout).values()) for made in (own, named)]
    with pytest.raises(ClientError, match="AccessDenied"):
        start(clients[0], "people.mp4")
    assert start(clients[1], "people.mp4", ClientRequestToken="once")


def code(client: BaseClient) -> str:
    """The error with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        client.get_person_tracking(JobId=ANY_JOB)
    return str(caught.value.response["Error"]["Code"])


def test_a_port_in_use(service: Service) -> None:
    port = service.url.rpartition(":")[2]

    refused = run("serve", "--data", service.data, "--port", port)

    assert refused.returncode == 1
    assert refused.stderr.startswith("passerby: The server cannot listen")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "Ctrl-C"])
def test_the_end_of_a_server_and_its_next_start(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as first:
        wait_until(lambda: len(first.workers()) == 1)
        (worker,) = first.workers()
        assert first.stop(number) == 0
        assert not Path(f"/proc/{worker}").exists()
        assert "Traceback" not in first.log.read_text()
        assert "ended by itself" not in first.log.read_text()
    before = done("keys", "list", "--data", tmp_path)

    with serving(tmp_path, "--no-worker", keyless=True) as second:
        assert second.workers() == []
        client = second.client(*list(first.environment.values())[:2])
        assert code(client) == "ResourceNotFoundException"
        second.stop()
        assert second.process.stdout
        assert second.process.stdout.read() == ""
    assert done("keys", "list", "--data", tmp_path) == before


def test_the_log_has_nothing_of_the_migrations(service: Service) -> None:
    assert "alembic" not in service.log.read_text()


def test_workers_stand_back_behind_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def niceness(process_id: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, process_id)

    monkeypatch.setenv("PASSERBY_WORKER_NICENESS", "7")
    with serving(tmp_path) as service:
        expected = min(19, niceness(service.process.pid) + 7)
        wait_until(lambda: [niceness(worker) for worker in service.workers()] == [expected])


STARTING = """
import sys
from pathlib import Path
from passerby.bootstrap import service
from passerby.bootstrap.installation import open_installation
from passerby.bootstrap.web_app import build_app
from passerby.cli import app
from passerby.settings import Settings

build_app(open_installation(Settings(data=Path(sys.argv[1]))))
print(sorted(sys.modules.keys() & {"av", "cv2", "onnxruntime", "openvino"}))
"""


def test_what_answers_starts_without_decoder_and_network(tmp_path: Path) -> None:
    assert printed(python("-c", STARTING, tmp_path)) == "[]\n"


def test_no_other_user_can_read_what_the_service_keeps(service: Service, job_id: str) -> None:
    kept = [service.data, *service.data.rglob("*")]
    made = [path for path in kept if "buckets" not in path.parts and path != service.log]

    assert job_id in {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & 0o077] == []
