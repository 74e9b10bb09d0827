import threading
from typing import Any

import pytest
from botocore.client import BaseClient
from tests.waiting import PATIENCE_SECONDS

from passerby.client import JobProgress, SortBy, collect, wait_and_collect
from passerby.errors import JobFailed

from .conftest import Server, a_walk

VIDEO = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}


@pytest.fixture
def job_id(rekognition: BaseClient) -> str:
    return str(rekognition.start_person_tracking(Video=VIDEO)["JobId"])


def pages(rekognition: BaseClient, job_id: str, sort_by: str) -> list[dict[str, Any]]:
    """All items, read as AWS's tutorials do."""
    persons, token = [], ""
    while True:
        page = rekognition.get_person_tracking(JobId=job_id, SortBy=sort_by, NextToken=token)
        persons += page["Persons"]
        if "NextToken" not in page:
            return persons
        token = page["NextToken"]


@pytest.mark.parametrize("sort_by", ["TIMESTAMP", "INDEX"])
def test_a_job_that_ends_while_it_is_waited_for(
    server: Server, rekognition: BaseClient, job_id: str, sort_by: SortBy
) -> None:
    statuses: list[str] = []
    looked = threading.Event()

    def end() -> None:
        looked.wait(PATIENCE_SECONDS)
        server.finish(job_id, a_walk(2500))

    def told(progress: JobProgress) -> None:
        statuses.append(progress.status)
        looked.set()

    ending = threading.Thread(target=end)
    ending.start()

    found = wait_and_collect(rekognition, job_id, sort_by=sort_by, poll=0.02, on_progress=told)

    ending.join()
    assert statuses[0] == "IN_PROGRESS"
    assert statuses[-3:] == ["SUCCEEDED"] * 3
    assert len(found.persons) == 2500
    assert found.persons == pages(rekognition, job_id, sort_by)
    assert list(collect(rekognition, job_id, sort_by=sort_by)) == found.persons
    assert found.video_metadata["FrameWidth"] == 640


def test_a_job_that_fails(server: Server, rekognition: BaseClient, job_id: str) -> None:
    server.fail(job_id, "Unsupported codec/format.")

    with pytest.raises(JobFailed, match=r"Unsupported codec/format\.$"):
        wait_and_collect(rekognition, job_id)
