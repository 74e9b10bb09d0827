"""Raw streams by the command and as jobs, from the recording to a film."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from passerby.testing import write_clip

from .conftest import ended, people, run, serving, start


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw stream that does not tell its rate."""
    options = {"x265-params": "vui-timing-info=0:log-level=none"}
    path = tmp_path_factory.mktemp("raw") / "door.h265"
    return write_clip(path, people(12), codec="libx265", codec_options=options)


def times(answer: dict[str, Any]) -> set[int]:
    return {person["Timestamp"] for person in answer["Persons"]}


def test_a_film_has_the_rate_of_the_analysis(untold: Path, tmp_path: Path) -> None:
    refused = run("track", untold, "--out", tmp_path)
    assert refused.returncode == 1
    assert "--fps 25" in refused.stderr

    told = run("track", untold, "--out", tmp_path, "--fps", "10", "--annotate")
    assert told.returncode == 0, told.stderr
    film = tmp_path / "film.mp4"
    table = tmp_path / "door.parquet"
    shown = run("export", table, "--to", "annotated", "--video", untold, "--out", film)
    assert shown.returncode == 0, shown.stderr

    answer = json.loads((tmp_path / "door.json").read_bytes())
    assert times(answer) == set(range(0, 1200, 100))
    assert answer["VideoMetadata"]["DurationMillis"] == 1200
    for path in (tmp_path / "door.mp4", film):
        with av.open(path) as source:
            assert [frame.time for frame in source.decode(video=0)] == [
                pytest.approx(number / 10) for number in range(12)
            ]


def test_a_rate_for_a_video_with_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", people(3), rate=Fraction(10))

    refused = run("track", clip, "--out", tmp_path / "out", "--fps", "10")

    assert refused.returncode == 1
    assert "times of its own" in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "status"), [pytest.param("", "FAILED"), pytest.param("raw_fps = 5\n", "SUCCEEDED")]
)
def test_a_job(untold: Path, settings: str, status: str, tmp_path: Path) -> None:
    config = tmp_path / "passerby.toml"
    config.write_text(settings)
    with serving(tmp_path / "data", "--config", config) as service:
        (service.bucket / "door.h265").write_bytes(untold.read_bytes())
        client = service.client()
        job_id = start(client, "door.h265")

        answer = ended(client, job_id)

        assert answer["JobStatus"] == status
        if status == "FAILED":
            assert "raw_fps" in str(service.job(job_id).status_message)
        else:
            assert times(answer) == set(range(0, 2400, 200))
