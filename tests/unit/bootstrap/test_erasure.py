"""What is left of a job that was deleted: nothing."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from passerby.bootstrap.erasure import delete_job, delete_old, delete_what_a_backup_brought_back
from passerby.bootstrap.installation import Installation, open_installation
from passerby.database.backup import back_up
from passerby.database.schema import JOBS
from passerby.errors import JobNotFound, JobStillOpen, VideoNotUploaded
from passerby.jobs.erasure import note_observations
from passerby.jobs.job import Counts, Job, NewJob
from passerby.records import Sightings, VideoInfo
from passerby.settings import Settings

VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")
NAME, TAG, TOKEN = "mrs-robinson-at-the-door.mp4", "her-own-tag", "her-own-token"
DAY = 86_400

MakeSightings = Callable[[int], Sightings]


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    is_file = database_url.startswith("sqlite")
    data = tmp_path / "data"
    settings = Settings(
        data=data,
        database=None if is_file else database_url,
        upload_bucket="incoming",
        retention_days=1000,
        upload_retention_days=30,
    )
    opened = open_installation(settings)
    with closing(opened.database):
        opened.database.erase_remains()  # the first time, all is written anew
        yield opened


def submitted(installation: Installation, name: str = NAME) -> Job:
    """A queued job of an upload."""
    folder = installation.settings.bucket_root / "incoming"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"a film")
    source = {"bucket": "incoming", "key": name, "version": None, "fingerprint": "f" * 64}
    request = {"Video": {"S3Object": {"Bucket": "incoming", "Name": name}}, "JobTag": TAG}
    new = NewJob("0" * 12, "StartPersonTracking", request, source, TOKEN + name, TAG)
    return installation.jobs.submit(new, 0)


def finished(
    installation: Installation, sightings: Sightings, observations: list[str], name: str = NAME
) -> Job:
    """A job that succeeded, and whatever may be made from one."""
    job, settings = submitted(installation, name), installation.settings
    assert installation.jobs.claim("worker", 60)
    note_observations(installation.database, job.id, observations)
    settings.observations_folder.mkdir(exist_ok=True)
    for each in observations:
        (settings.observations_folder / each).write_text("observed")
    installation.results.write(job.id, sightings)
    installation.results.read_or_make(job.id, "heat.json", lambda _: b"{}")
    for folder in ("pictures", "copies"):
        (settings.data / folder / job.id).mkdir(parents=True)
        (settings.data / folder / job.id / "places.json").write_text(f'"{TAG}"')
    installation.jobs.succeed(job.id, "worker", VIDEO, Counts(1, len(sightings)))
    return installation.jobs.find(job.id)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def traces(folder: Path, *words: str) -> list[str]:
    """Files below a folder whose name or content has one of the words."""
    return [
        f"{word} in {path.name}"
        for path in sorted(folder.rglob("*"))
        for word in words
        if word in str(path.relative_to(folder))
        or (path.is_file() and word.encode() in path.read_bytes())
    ]


def test_nothing_is_left_of_a_deleted_job_and_its_upload(
    installation: Installation, make_sightings: MakeSightings
) -> None:
    job = finished(installation, make_sightings(20), ["aa.parquet", "bb.parquet"])
    data = installation.settings.data
    words = (job.id, NAME, TAG, TOKEN, "aa.parquet", "bb.parquet")
    assert traces(data, *words)

    delete_job(installation, job, with_video=True)

    assert traces(data, *words) == []
    with pytest.raises(JobNotFound):
        installation.jobs.find(job.id)


def test_what_another_job_uses_stays(
    installation: Installation, make_sightings: MakeSightings
) -> None:
    job = finished(installation, make_sightings(5), ["aa.parquet", "bb.parquet"])
    other = finished(installation, make_sightings(5), ["bb.parquet"], name="other.mp4")

    delete_job(installation, job, with_video=False)

    settings = installation.settings
    assert names_in(settings.observations_folder) == ["bb.parquet"]
    assert installation.jobs.find(other.id) == other
    assert len(installation.results.page(other.id, "timestamp", 0, 9).sightings) == 5
    assert (settings.data / "pictures" / other.id / "places.json").exists()
    assert (settings.bucket_root / "incoming" / NAME).exists()


def test_a_job_that_waits_or_runs_is_not_deleted(installation: Installation) -> None:
    job = submitted(installation)

    with pytest.raises(JobStillOpen):
        delete_job(installation, job, with_video=False)
    assert installation.jobs.claim("worker", 60)
    with pytest.raises(JobStillOpen):
        delete_job(installation, job, with_video=False)

    assert installation.jobs.find(job.id).open


def test_a_video_that_others_need_or_own_is_not_deleted(
    installation: Installation, make_sightings: MakeSightings
) -> None:
    job = finished(installation, make_sightings(5), [])
    new = NewJob("0" * 12, job.operation, job.request, job.source)
    again = installation.jobs.submit(new, 0)
    cctv = NewJob("0" * 12, job.operation, job.request, {**job.source, "bucket": "cctv"})
    elsewhere = installation.jobs.cancel(installation.jobs.submit(cctv, 0).id)

    with pytest.raises(VideoNotUploaded, match="Another job"):
        delete_job(installation, job, with_video=True)
    with pytest.raises(VideoNotUploaded, match="where it lies"):
        delete_job(installation, elsewhere, with_video=True)

    assert installation.jobs.find(job.id) == job
    installation.jobs.cancel(again.id)
    delete_job(installation, job, with_video=True)
    assert not (installation.settings.bucket_root / "incoming" / NAME).exists()


def test_old_uploads_go_unless_a_job_needs_them(
    installation: Installation, make_sightings: MakeSightings
) -> None:
    finished(installation, make_sightings(5), [], name="done.mp4")
    submitted(installation, "waits.mp4")
    folder = installation.settings.bucket_root / "incoming"
    for name, age in (("done.mp4", 31), ("waits.mp4", 31), ("recent.mp4", 29)):
        (folder / name).touch()
        modified = (folder / name).stat().st_mtime - age * DAY
        os.utime(folder / name, (modified, modified))

    delete_old(installation)

    assert names_in(folder) == ["recent.mp4", "waits.mp4"]


def test_nothing_is_left_in_the_database_of_what_was_swept(
    installation: Installation, make_sightings: MakeSightings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = finished(installation, make_sightings(5), [])
    monkeypatch.setattr(
        "passerby.bootstrap.erasure.utc_now", lambda: job.created_at.replace(year=2099)
    )

    delete_old(installation)

    data = installation.settings.data
    assert traces(data, job.id, NAME, TAG, TOKEN) == []


def test_what_earlier_builds_left_of_deleted_rows_goes(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    installation = open_installation(Settings(data=tmp_path, upload_bucket="incoming"))
    job = finished(installation, make_sightings(5), [])
    with closing(sqlite3.connect(tmp_path / "passerby.db")) as earlier, earlier:
        earlier.execute("PRAGMA secure_delete = OFF")
        earlier.execute("DELETE FROM tokens")
        earlier.execute("DELETE FROM jobs")
    with closing(sqlite3.connect(tmp_path / "passerby.db")) as earlier:
        earlier.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert TAG.encode() in (tmp_path / "passerby.db").read_bytes()

    delete_old(installation)

    assert traces(tmp_path, TAG, TOKEN, job.id) == []


def test_a_restored_backup_is_swept_before_it_serves(
    tmp_path: Path, make_sightings: MakeSightings, caplog: pytest.LogCaptureFixture
) -> None:
    source, copy = Settings(data=tmp_path / "data"), Settings(data=tmp_path / "copy")
    job = finished(open_installation(source), make_sightings(5), [])
    back_up(source.data, source.data / "passerby.db", copy.data)
    restored = open_installation(copy)
    with restored.database.writing() as connection:
        connection.execute(update(JOBS).values(ended_at=job.created_at - timedelta(days=8)))

    delete_what_a_backup_brought_back(restored)
    delete_what_a_backup_brought_back(restored)

    assert traces(copy.data, job.id, NAME, TAG) == []
    assert [message.partition(" is a backup of ")[0] for message in caplog.messages] == [
        str(copy.data)
    ]
