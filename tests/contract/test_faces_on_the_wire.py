"""Faces through the whole service, read by boto3."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.client import BaseClient

from passerby.access.keys import AccessKey
from passerby.bootstrap.installation import open_installation
from passerby.bootstrap.web_app import build_app
from passerby.jobs.job import Counts
from passerby.records import LANDMARKS, Sightings
from passerby.settings import Settings
from passerby.testing import frontal_faces

from .conftest import VIDEO, Server, a_walk, connect, listening

LOBBY = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}


def body_both_and_face_alone() -> Sightings:
    """One person, less and less sure, seen three times."""
    sightings = a_walk(3)
    xyxy = sightings.xyxy.copy()
    xyxy[2] = np.nan
    return replace(
        sightings,
        xyxy=xyxy,
        confidence=np.array([0.9, 0.75, 0.5], np.float32),
        face=np.array([-1, 0, 1]),
        faces=frontal_faces([[0, 0, 64, 90], [320, 180, 384, 270]], confidence=0.5),
    )


def persons(rekognition: BaseClient, job_id: str, order: str = "TIMESTAMP") -> list[Any]:
    answer = rekognition.get_person_tracking(JobId=job_id, SortBy=order)
    found: list[Any] = answer["Persons"]
    return found


@pytest.mark.parametrize("order", ["TIMESTAMP", "INDEX"])
def test_items_of_all_kinds(server: Server, rekognition: BaseClient, order: str) -> None:
    job_id = rekognition.start_person_tracking(Video=LOBBY)["JobId"]
    server.finish(job_id, body_both_and_face_alone())

    body, both, face_alone = (each["Person"] for each in persons(rekognition, job_id, order))

    assert body.keys() == {"Index", "BoundingBox"}
    assert both.keys() == {"Index", "BoundingBox", "Face"}
    assert face_alone == {
        "Index": 0,
        "Face": {
            "BoundingBox": {
                "Width": float(np.float32(0.1)),
                "Height": 0.25,
                "Left": 0.5,
                "Top": 0.5,
            },
            "Confidence": 50.0,
            "Landmarks": face_alone["Face"]["Landmarks"],
            "Pose": {"Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0},
            "Quality": {"Brightness": 60.0, "Sharpness": 40.0},
        },
    }
    assert [each["Type"] for each in face_alone["Face"]["Landmarks"]] == list(LANDMARKS[:5])
    # The left eye: 0.3 of the way to the right and 0.4 down.
    assert face_alone["Face"]["Landmarks"][0]["X"] == pytest.approx(0.53, abs=1e-7)
    assert face_alone["Face"]["Landmarks"][0]["Y"] == pytest.approx(0.6, abs=1e-7)


def test_all_attributes_are_a_setting(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, face_attributes="all")
    installation = open_installation(settings)
    video = settings.bucket_root / "lobby" / "monday.mp4"
    video.parent.mkdir()
    video.write_bytes(b"video")
    key: AccessKey = installation.keys.create()

    with listening(build_app(installation)) as url:
        rekognition = connect(url, key.id, key.secret)
        job_id = rekognition.start_person_tracking(Video=LOBBY)["JobId"]
        installation.jobs.claim("worker", lease_seconds=60)
        installation.results.write(job_id, body_both_and_face_alone())
        installation.jobs.succeed(job_id, "worker", VIDEO, Counts(persons=1, sightings=3))
        face = persons(rekognition, job_id)[2]["Person"]["Face"]
    installation.database.close()

    assert [each["Type"] for each in face["Landmarks"]] == list(LANDMARKS)
    # The ratios of `frontal_faces`: open eyes, a closed mouth, no smile.
    values = {name: face[name]["Value"] for name in ("EyesOpen", "MouthOpen", "Smile")}
    assert values == {"EyesOpen": True, "MouthOpen": False, "Smile": False}
    assert all(50 <= face[name]["Confidence"] <= 100 for name in values)
    assert face.keys() == values.keys() | {
        "BoundingBox",
        "Confidence",
        "Landmarks",
        "Pose",
        "Quality",
    }
