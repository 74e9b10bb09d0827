import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from passerby.access.encryption import open_key_file
from passerby.access.keys import AccessKeys
from passerby.database.backup import back_up, database_file
from passerby.database.connection import open_database
from passerby.errors import SettingsError
from passerby.jobs.job import Counts, JobState, NewJob
from passerby.jobs.store import JobStore
from passerby.records import Sightings, VideoInfo
from passerby.results.store import Results

NEW = NewJob("000000000000", "Start", {}, {})
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")


class DataFolder:
    """A data folder with its database, keys and results opened."""

    def __init__(self, data: Path) -> None:
        data.mkdir(exist_ok=True)
        self.data = data
        self.file = data / "passerby.db"
        self.database = open_database(f"sqlite:///{self.file}")
        self.jobs = JobStore(self.database)
        self.keys = AccessKeys(self.database, open_key_file(data / "secret.key"))
        self.results = Results(data / "results")

    def finish_job(self, sightings: Sightings) -> str:
        job = self.jobs.submit(NEW, open_limit=999)
        assert self.jobs.claim("anna", 60)
        self.results.write(job.id, sightings)
        self.jobs.succeed(job.id, "anna", VIDEO, Counts(1, len(sightings)))
        return job.id

    def close(self) -> None:
        self.database.close()


MakeSightings = Callable[[int], Sightings]


def test_a_copy_is_a_data_folder(tmp_path: Path, make_sightings: MakeSightings) -> None:
    copy = tmp_path / "copy"
    with closing(DataFolder(tmp_path / "data")) as source:
        job_id, key = source.finish_job(make_sightings(20)), source.keys.create()
        (source.data / "results" / f".{job_id}.{'0' * 16}").mkdir()
        (source.data / "observations").mkdir()
        places = Path("pictures", job_id, "places.json")
        (source.data / places.parent).mkdir(parents=True)
        (source.data / places).write_text("{}")
        (source.data / places.parent / "film.mp4").touch()

        back_up(source.data, source.file, copy)

        page = source.results.page(job_id, "index", 0, 20)
        job = source.jobs.find(job_id)
    names = {path.name for path in copy.iterdir()}
    assert names == {"passerby.db", "secret.key", "results", "pictures", "backup.json"}
    assert [path.relative_to(copy) for path in (copy / "pictures").rglob("*.*")] == [places]
    assert (copy / places).read_text() == "{}"
    assert {path.name for path in (copy / "results").iterdir()} == {job_id}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    with closing(DataFolder(copy)) as restored:
        assert restored.jobs.find(job_id) == job
        assert restored.keys.find(key.id) == key
        again = restored.results.page(job_id, "index", 0, 20)
    assert again.sightings.timestamp_ms.tolist() == page.sightings.timestamp_ms.tolist()


def test_copies_made_while_jobs_end_and_go(tmp_path: Path, make_sightings: MakeSightings) -> None:
    stop = threading.Event()
    sightings = make_sightings(20)
    with closing(DataFolder(tmp_path / "data")) as source:

        def work() -> None:
            while not stop.is_set():
                source.finish_job(sightings)
                source.results.delete(source.finish_job(sightings))

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for number in range(5):
                back_up(source.data, source.file, tmp_path / str(number))
        finally:
            stop.set()
            worker.join()
        gone = {job.id for job in source.jobs.recent(9999)} - set(source.results.stored())

    for number in range(5):
        with closing(DataFolder(tmp_path / str(number))) as copy:
            known = {job.id for job in copy.jobs.recent(9999) if job.state is JobState.SUCCEEDED}
            kept = known - gone
            assert kept <= set(copy.results.stored())
            assert all(copy.results.page(job_id, "index", 0, 20) for job_id in kept)


def test_a_database_of_another_version_is_copied_as_it_is(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path / "data")) as source:
        with source.database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))

        back_up(source.data, source.file, tmp_path / "copy")

        with source.database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(SettingsError, match="already exists"):  # of tables that 0003 makes
        open_database(f"sqlite:///{tmp_path}/copy/passerby.db")


def test_a_database_elsewhere(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path / "data")) as source:
        back_up(source.data, None, tmp_path / "copy")

    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert names == {"secret.key", "results", "backup.json"}


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    with closing(DataFolder(tmp_path / "data")) as source:
        with pytest.raises(SettingsError, match="exists already"):
            back_up(source.data, source.file, source.data)

        assert source.file.exists()


@pytest.mark.parametrize("damage", ["no database", "no data folder", "not a database"])
def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, damage: str) -> None:
    data, target = tmp_path / "data", tmp_path / "out" / "copy"
    target.parent.mkdir()
    if damage != "no data folder":
        DataFolder(data).close()
        (data / "passerby.db").unlink()
    if damage == "not a database":
        (data / "passerby.db").write_text("no database" * 1000)

    with pytest.raises(SettingsError, match=r"passerby\.db cannot be copied"):
        back_up(data, data / "passerby.db", target)

    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////var/lib/passerby/jobs.db", Path("/var/lib/passerby/jobs.db")),
        ("sqlite:///jobs.db", Path("jobs.db")),
        ("sqlite://", None),
        ("postgresql://host/jobs", None),
    ],
)
def test_which_databases_are_files(url: str, file: Path | None) -> None:
    assert database_file(url) == file


def test_no_url() -> None:
    with pytest.raises(SettingsError):
        database_file("no url")
