"""The stand-in beside the service: the same result, page by page."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.client import BaseClient

from passerby.records import NO_FACE, Sightings
from passerby.testing import frontal_faces

from .conftest import Server, connect
from .replaying import Replaying, replaying

LOBBY = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
PERSONS, TIMES = 3, 9


def a_crowd() -> Sightings:
    """Persons at random places; each third sighting has a face, some have nothing else."""
    random = np.random.default_rng(1)
    count = PERSONS * TIMES
    corner = random.uniform([0, 0], [500, 200], (count, 2))
    xyxy = np.concatenate([corner, corner + random.uniform(20, 100, (count, 2))], axis=1)
    with_face = np.arange(count) % 3 == 0
    faces = frontal_faces(xyxy[with_face] + [3.3, 3.3, -9.9, -9.9], confidence=0.7)
    xyxy[np.arange(count) % 9 == 0] = np.nan
    return Sightings(
        person_index=np.arange(count) % PERSONS,
        frame_index=np.arange(count) // PERSONS,
        timestamp_ms=np.arange(count) // PERSONS * 66,
        xyxy=xyxy.astype(np.float32),
        confidence=random.choice([0.5, 0.75, 0.9], count).astype(np.float32),
        detected=np.ones(count, np.bool_),
        face=np.where(with_face, np.cumsum(with_face) - 1, NO_FACE),
        faces=faces,
    )


def pages(server: Server | Replaying, client: BaseClient, order: str) -> list[dict[str, Any]]:
    """All pages of a job that found the crowd, without what differs from call to call."""
    job_id = client.start_person_tracking(Video=LOBBY, JobTag="tag")["JobId"]
    server.finish(job_id, a_crowd())
    asked = {"JobId": job_id, "MaxResults": 7, "SortBy": order}
    found = [client.get_person_tracking(**asked)]
    while "NextToken" in found[-1]:
        asked["NextToken"] = found[-1]["NextToken"]
        found.append(client.get_person_tracking(**asked))
    changing = {"ResponseMetadata", "NextToken", "JobId"}
    return [{name: page[name] for name in page.keys() - changing} for page in found]


@pytest.mark.parametrize("order", ["TIMESTAMP", "INDEX"])
def test_both_give_the_same_pages(
    server: Server, rekognition: BaseClient, tmp_path: Path, order: str
) -> None:
    real = pages(server, rekognition, order)
    with replaying(tmp_path) as stub_server:
        key = stub_server.create("123456789012")
        replayed = pages(stub_server, connect(stub_server.url, key.id, key.secret), order)

    assert [len(page["Persons"]) for page in real] == [7, 7, 7, 6]
    assert replayed == real
