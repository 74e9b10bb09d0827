import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.waiting import PATIENCE_SECONDS

from passerby.clock import utc_now
from passerby.database.connection import HEAD_REVISION, Database, lock_by_name, open_database
from passerby.database.migration import STEPS
from passerby.database.schema import METADATA
from passerby.errors import SettingsError
from passerby.jobs.job import NewJob
from passerby.jobs.store import JobStore

POSTGRESQL_WITH_PASSWORD = "postgresql://user:hunter2@127.0.0.1:1/jobs"
COUNT = text("SELECT count(*) FROM access_keys")
A_KEY = (
    "(id, account_id, sealed_secret, created_at) VALUES ('AKIA', '000000000000', '', '2026-01-01')"
)


def test_the_steps_lead_to_the_schema(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, METADATA) == []


def test_the_clock_is_the_one_of_all(database: Database) -> None:
    before = utc_now()
    now = database.now()

    assert now.tzinfo is UTC
    # Here, the server's machine is this one.
    assert before <= now <= utc_now()


def test_a_reader_sees_one_state(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(COUNT).scalar() == 0
        with database.writing() as other:
            other.execute(text(f"INSERT INTO access_keys {A_KEY}"))
        assert connection.execute(COUNT).scalar() == 0
    with database.reading() as connection:
        assert connection.execute(COUNT).scalar() == 1


def test_whoever_takes_turns_waits(database: Database) -> None:
    inside: list[str] = []

    def enter(name: str) -> None:
        with database.writing() as connection:
            lock_by_name(connection, "door")
            inside.append(name)
            time.sleep(0.1)
            inside.append(name)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(enter, "abc"))

    assert inside[::2] == inside[1::2]


def test_the_head_revision_is_where_the_steps_lead() -> None:
    assert STEPS.get_current_head() == HEAD_REVISION


def test_a_database_of_an_older_version_is_brought_up_to_date(database_url: str) -> None:
    newest = open_database(database_url)
    with newest.writing() as connection:  # as it was before the third step
        connection.execute(text("DROP INDEX jobs_by_end"))
        connection.execute(text("DROP TABLE outbox"))
        connection.execute(text("DROP TABLE observation_uses"))
        connection.execute(text("DROP TABLE ended_sessions"))
        connection.execute(text("DROP TABLE artifact_orders"))
        later = ("attempts_without_progress", "retries", "finished_shards")
        for column in (*later, "warnings", "input_sizes"):
            connection.execute(text(f"ALTER TABLE jobs DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    newest.close()

    database = open_database(database_url)

    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


def test_what_changes_tables_is_not_loaded_for_a_database_up_to_date(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    open_database(url).close()
    script = (
        "import sys; from passerby.database.connection import open_database; "
        f"open_database({url!r}).close(); print('alembic' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert said.stdout == b"False\n"


def test_opening_again_keeps_what_was_stored(database_url: str) -> None:
    first = open_database(database_url)
    with first.writing() as connection:
        connection.execute(text(f"INSERT INTO access_keys {A_KEY}"))
    first.close()

    second = open_database(database_url)
    with second.reading() as connection:
        ids = connection.execute(text("SELECT id FROM access_keys")).scalars().all()
    second.close()

    assert ids == ["AKIA"]


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(SettingsError, match=r"newer passerby .* 9999, .* up to 0010"):
        open_database(database_url)


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def insert_twice() -> None:
        with database.writing() as connection:
            for _ in range(2):
                connection.execute(text(f"INSERT INTO access_keys {A_KEY}"))

    with pytest.raises(IntegrityError):
        insert_twice()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM access_keys")).scalar() == 0


def test_an_error_does_not_quote_what_a_caller_sent(database: Database) -> None:
    new = NewJob("000000000000", "Start", {"JobTag": "hunter2"}, {}, token="hunter2")
    with database.writing() as connection:
        connection.execute(text("DROP TABLE tokens"))

    for work in (JobStore(database).find_repeated, lambda job: JobStore(database).submit(job, 9)):
        with pytest.raises(DBAPIError, match="tokens") as caught:
            work(new)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("no url", id="not a URL"),
        pytest.param("abacus:///jobs", id="an unknown kind of database"),
        pytest.param("mysql://localhost/jobs", id="a database not supported"),
        pytest.param("postgresql+pg8000://localhost/jobs", id="a driver not supported"),
        pytest.param("postgresql://127.0.0.1:1/jobs", id="nobody listens"),
        pytest.param("sqlite:////no/such/folder/jobs.db", id="a folder that does not exist"),
    ],
)
def test_a_database_that_cannot_be_opened(url: str) -> None:
    with pytest.raises(SettingsError):
        open_database(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    path.write_text("not a database, but long enough to be taken for one" * 100)

    with pytest.raises(SettingsError, match="not a database"):
        open_database(f"sqlite:///{path}")


@pytest.mark.parametrize("place", ["sqlite://user:hunter2@/jobs", POSTGRESQL_WITH_PASSWORD])
def test_a_password_does_not_show(place: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_database(place)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "is_called"), [("", "passerby"), ("application_name=cctv", "cctv")]
)
def test_what_the_url_says_of_the_connection_counts(
    postgresql_url: str, said: str, is_called: str
) -> None:
    with (
        closing(open_database(f"{postgresql_url}&{said}")) as database,
        database.reading() as connection,
    ):
        assert connection.execute(text("SHOW application_name")).scalar() == is_called


OPEN_ON_COMMAND = """
import sys
from passerby.database.connection import open_database

print("ready", flush=True)
for url in sys.stdin:
    open_database(url.strip()).close()
    print("opened", flush=True)
"""


def test_processes_that_open_a_new_database_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_ON_COMMAND]
    pipe = subprocess.PIPE
    openers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.writelines(f"sqlite:///{tmp_path}/{n}.db\n" for n in range(10))
        opener.stdin.flush()

    said = [opener.communicate(timeout=PATIENCE_SECONDS)[0] for opener in openers]

    assert said == ["opened\n" * 10] * 2


def test_processes_that_open_a_new_server_at_once(postgresql_url: str) -> None:
    command = [sys.executable, "-c", OPEN_ON_COMMAND]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.write(f"{postgresql_url}\n")
        opener.stdin.flush()

    assert [opener.communicate(timeout=PATIENCE_SECONDS)[0] for opener in openers] == [
        "opened\n"
    ] * 3
