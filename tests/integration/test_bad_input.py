"""Videos that cannot be analysed: each ends with its own word, and the worker works on."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from passerby.testing import moving_boxes, write_clip, write_sound

from .conftest import Service, done, ended, serving, start

UNSUPPORTED = "Unsupported codec/format."
GONE = "The video disappeared or changed while it was being analysed."


def good(path: Path) -> None:
    write_clip(path, moving_boxes(10))


def cut_short(path: Path) -> None:
    """An MP4 whose index would come last."""
    good(path)
    os.truncate(path, path.stat().st_size // 2)


def damaged(path: Path) -> None:
    """A whole index, and not one picture that it points to."""
    write_clip(path, moving_boxes(10), container_options={"movflags": "+faststart"})
    content = path.read_bytes()
    pictures = content.index(b"mdat") + 4
    path.write_bytes(content[:pictures] + bytes(len(content) - pictures))


def cut_behind_its_index(path: Path) -> None:
    """Half of the pictures are there; the first half."""
    write_clip(path, moving_boxes(100), container_options={"movflags": "+faststart"})
    os.truncate(path, path.stat().st_size // 2)


def too_large(path: Path) -> None:
    """Pictures for which a process needs more memory than the worker gives it."""
    write_clip(path, moving_boxes(2, (8000, 4800)))


def playlist(path: Path) -> None:
    """A list of sources, one of them a file that its sender may not read."""
    good(path.with_name("secret.mp4"))
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n")


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("not a video\n"), UNSUPPORTED),
    "empty": (Path.touch, UNSUPPORTED),
    "sound only": (write_sound, UNSUPPORTED),
    "cut short": (cut_short, UNSUPPORTED),
    "damaged": (damaged, "The video is damaged: no frame of it could be decoded."),
    "too large": (
        too_large,
        "The analysis of shard 0 of the video took more than 512 MiB of memory.",
    ),
    "a playlist": (playlist, UNSUPPORTED),
    "deleted": (good, GONE),
    "changed": (good, GONE),
}


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server without a worker, so that videos can change before they are analysed."""
    with serving(tmp_path_factory.mktemp("lonely"), "--no-worker") as running:
        yield running


@pytest.fixture(scope="module")
def client(lonely: Service) -> BaseClient:
    return lonely.client()


@pytest.fixture(scope="module")
def answers(lonely: Service, client: BaseClient) -> Iterator[dict[str, dict[str, Any]]]:
    """How the job of each video ended, with one worker for all; the last video is good."""
    for name, (write, _) in BAD.items():
        write(lonely.bucket / f"{name}.mp4")
    cut_behind_its_index(lonely.bucket / "half.mp4")
    good(lonely.bucket / "good.mp4")
    jobs = {name: start(client, f"{name}.mp4") for name in [*BAD, "half", "good"]}
    (lonely.bucket / "deleted.mp4").unlink()
    shutil.copy(lonely.bucket / "good.mp4", lonely.bucket / "changed.mp4")
    command = [sys.executable, "-m", "passerby", "worker"]
    environment = {"PASSERBY_DATA": str(lonely.data), "PASSERBY_PROCESS_MEMORY_MB": "512"}
    with subprocess.Popen(command, env=os.environ | environment) as worker:
        yield {name: ended(client, job_id) for name, job_id in jobs.items()}
        assert worker.poll() is None
        worker.terminate()
        assert worker.wait() == 0


@pytest.mark.parametrize("name", BAD)
def test_a_bad_video_fails_with_its_reason(answers: dict[str, dict[str, Any]], name: str) -> None:
    answer = answers[name]

    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", BAD[name][1])
    assert answer["Persons"] == []
    assert "VideoMetadata" not in answer


def test_the_next_good_job_succeeds(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["good"]["JobStatus"] == "SUCCEEDED"
    assert answers["good"]["Persons"] == []
    assert answers["good"]["VideoMetadata"]["DurationMillis"] == 400


def test_what_was_missing_is_shown_with_the_job(
    lonely: Service, answers: dict[str, dict[str, Any]]
) -> None:
    job_id = answers["half"]["JobId"]

    shown = done("jobs", "show", job_id, "--data", lonely.data)
    facts = json.loads(done("jobs", "show", job_id, "--data", lonely.data, "--json"))

    assert facts["state"] == "succeeded"
    said = " ".join(facts["warnings"])
    assert re.fullmatch(r".*The video ends after [12]\.\d s, and its container says 4\.0 s\.", said)
    assert said in " ".join(shown.split())


@pytest.mark.parametrize(
    ("bucket", "name"),
    [
        pytest.param("nowhere", "good.mp4", id="no such bucket"),
        pytest.param("cctv", "absent.mp4", id="no such key"),
        pytest.param("cctv", "../../passerby.db", id="a key that climbs out"),
        pytest.param("cctv", "../other/good.mp4", id="a key into another bucket"),
        pytest.param("cctv", "/etc/passwd", id="an absolute key"),
        pytest.param("cctv", "folder", id="a folder"),
        pytest.param("cctv", "link.mp4", id="a link that leads out"),
    ],
)
def test_what_cannot_be_found_is_refused_at_once(
    lonely: Service, client: BaseClient, bucket: str, name: str
) -> None:
    other = lonely.bucket.with_name("other")
    for folder in (other, lonely.bucket / "folder"):
        folder.mkdir(exist_ok=True)
    good(other / "good.mp4")
    link = lonely.bucket / "link.mp4"
    link.unlink(missing_ok=True)
    link.symlink_to(other / "good.mp4")

    with pytest.raises(ClientError) as caught:
        client.start_person_tracking(Video={"S3Object": {"Bucket": bucket, "Name": name}})

    answer = caught.value.response
    assert answer["Error"]["Code"] == "InvalidS3ObjectException"
    assert "Check object key" in answer["Error"]["Message"]
