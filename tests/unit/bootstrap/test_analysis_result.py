from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from passerby.bootstrap.analysis_result import open_result
from passerby.bootstrap.installation import open_installation
from passerby.cloud.objects import file_facts
from passerby.errors import (
    FileFormatError,
    JobError,
    JobNotFound,
    PasserbyError,
    UnsupportedVideo,
)
from passerby.jobs.job import Counts, Job, NewJob
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.results.tables import write_table
from passerby.settings import Settings
from passerby.testing import moving_boxes, write_clip
from passerby.wire.answer import encode_answer, whole_answer

VIDEO = VideoInfo("h264", "QuickTime / MOV", 12.5, 160, 120, 800, "FULL")
Ended = Callable[..., Job]


def walk(count: int) -> Sightings:
    """One person who walks for so many frames."""
    steps = np.arange(count)
    left = steps.astype(np.float32)
    return Sightings(
        person_index=np.zeros(count, np.int64),
        frame_index=steps,
        timestamp_ms=40 * steps,
        xyxy=np.stack([left, left + 5, left + 20, left + 60], axis=1),
        confidence=np.full(count, 0.5, np.float32),
        detected=np.ones(count, np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def ended(chosen: Settings) -> Ended:
    """A job for a video that is in a bucket; `end` ends it, or leaves it running."""

    def run(end: str = "well") -> Job:
        installation = open_installation(chosen)
        video = chosen.bucket_root / "lobby" / "door" / "monday.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_bytes(b"frames")
        source = {"bucket": "lobby", "key": "door/monday.mp4", "version": None}
        fingerprint = file_facts(str(video.resolve())).fingerprint
        new = NewJob(
            "0" * 12, "StartPersonTracking", {"Video": {}}, {**source, "fingerprint": fingerprint}
        )
        job = installation.jobs.submit(new, 10)
        installation.jobs.claim("worker", 60)
        if end == "well":
            installation.results.write(job.id, walk(7))
            installation.jobs.succeed(job.id, "worker", VIDEO, Counts(1, 7))
        elif end == "badly":
            installation.jobs.fail(job.id, "worker", "Unsupported codec/format.")
        installation.database.close()
        return job

    return run


def test_a_job_by_its_first_digits(chosen: Settings, ended: Ended) -> None:
    found = open_result(ended().id[:12], chosen)

    assert (found.name, found.video, found.row_count) == ("monday", VIDEO, 7)
    assert found.source == str((chosen.bucket_root / "lobby" / "door" / "monday.mp4").resolve())
    np.testing.assert_array_equal(found.sightings.xyxy, walk(7).xyxy)
    assert sum(len(part) for part in found.parts()) == 7


def test_a_video_that_is_another_now_is_not_at_hand(chosen: Settings, ended: Ended) -> None:
    job = ended()
    (chosen.bucket_root / "lobby" / "door" / "monday.mp4").write_bytes(b"others")

    assert open_result(job.id, chosen).source is None
    assert open_result(job.id, chosen, Path("copy.mp4")).source == "copy.mp4"


@pytest.mark.parametrize(
    ("end", "message"),
    [
        pytest.param("not at all", "has not succeeded; it is running", id="running"),
        pytest.param("badly", "it is failed: Unsupported codec", id="failed"),
    ],
)
def test_a_job_without_a_result(chosen: Settings, ended: Ended, end: str, message: str) -> None:
    with pytest.raises(JobError, match=message):
        open_result(ended(end).id, chosen)


def test_results_that_were_swept(chosen: Settings, ended: Ended) -> None:
    job = ended()
    installation = open_installation(chosen)
    installation.results.delete(job.id)
    installation.database.close()

    with pytest.raises(JobNotFound, match="gone"):
        open_result(job.id, chosen)


def saved(folder: Path, video: VideoInfo | None = VIDEO) -> str:
    """What `passerby track` writes of a result."""
    write_table(walk(3), folder / "street.parquet")
    if video:
        (folder / "street.json").write_bytes(encode_answer(whole_answer(video, walk(3))))
    return str(folder / "street.parquet")


def test_a_file(chosen: Settings, tmp_path: Path) -> None:
    found = open_result(saved(tmp_path), chosen)

    assert (found.name, found.video, found.source) == ("street", VIDEO, None)
    assert [item.timestamp for item in found.to_messages(found.sightings)] == [0, 40, 80]
    assert not chosen.data.exists()


def test_a_file_and_its_video(chosen: Settings, tmp_path: Path) -> None:
    found = open_result(saved(tmp_path), chosen, Path("street.mkv"))

    assert found.source == "street.mkv"


def test_a_file_alone_is_described_by_its_video(chosen: Settings, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(10))

    found = open_result(saved(tmp_path, video=None), chosen, clip)

    expected = replace(VIDEO, frame_rate=25.0, duration_ms=400, color_range="LIMITED")
    assert found.video == expected


@pytest.mark.parametrize(
    ("wanted", "kind", "message"),
    [
        pytest.param("absent.parquet", FileFormatError, "absent.parquet is not", id="no file"),
        pytest.param("text.parquet", FileFormatError, "not a table", id="no table"),
        pytest.param("alone.parquet", FileFormatError, "alone.json is not there", id="alone"),
        pytest.param("bad.parquet", FileFormatError, "bad.json is no whole answer", id="no answer"),
        pytest.param("empty.parquet", FileFormatError, "empty.json is no", id="an empty answer"),
        pytest.param("street.mp4", JobNotFound, "neither the id", id="a video"),
        pytest.param("ABC", JobNotFound, "neither the id", id="no digits"),
        pytest.param("abc", JobNotFound, "no such job", id="no such job"),
    ],
)
def test_what_is_no_result(
    chosen: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    kind: type[PasserbyError],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("alone", "bad", "empty"):
        write_table(walk(1), tmp_path / f"{name}.parquet")
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "empty.json").touch()
    (tmp_path / "text.parquet").write_text("text")

    with pytest.raises(kind, match=message):
        open_result(wanted, chosen)


def test_a_video_that_cannot_tell(chosen: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("text")

    with pytest.raises(UnsupportedVideo):
        open_result(saved(tmp_path, video=None), chosen, tmp_path / "text.mp4")
