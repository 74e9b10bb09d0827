"""The stand-in beside the service: the same result, page by page."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.client import BaseClient

from passerby.records import NO_FACE, Sightings
from passerby.testing import frontal_faces
from passerby.wire.answer import encode_answer, whole_answer

from .conftest import VIDEO, Server, connect
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


def test_a_stand_in_heeds_quotas_and_public_url(tmp_path: Path) -> None:
    (tmp_path / "default.json").write_bytes(encode_answer(whole_answer(VIDEO, a_crowd())))
    (tmp_path / "script.toml").write_text("jobs = [{ polls = 1 }]")
    command = [sys.executable, "-m", "passerby", "serve", "--port", "0", "--quotas", "aws"]
    public = {"PASSERBY_PUBLIC_URL": "https://rekognition.example/rek"}
    with subprocess.Popen(
        [*command, "--replay", str(tmp_path)],
        env=os.environ | public | {"PASSERBY_STARTS_PER_SECOND": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        key_id, secret, told = (
            process.stdout.readline().partition("=")[2].strip() for _ in range(3)
        )
        (url,) = re.findall(r"http://127.0.0.1:\d+", process.stderr.readline()) or [""]
        client = connect(url, key_id, secret)
        for number in range(20):
            client.start_person_tracking(Video=LOBBY, JobTag=f"{number}")
        with pytest.raises(client.exceptions.LimitExceededException, match="20  open Jobs"):
            client.start_person_tracking(Video=LOBBY)
        process.terminate()

    assert told == public["PASSERBY_PUBLIC_URL"]
