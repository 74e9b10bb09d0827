"""Orders in a real database, and real child processes that carry them out."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest
from tests.waiting import wait_until

from passerby.database.connection import Database, open_database
from passerby.jobs.artifact_maker import ArtifactMaker
from passerby.jobs.artifact_orders import ArtifactOrder, ArtifactOrders, ArtifactStage
from passerby.jobs.job import NewJob
from passerby.jobs.store import JobStore
from passerby.processes.limits import MEBIBYTE, NO_LIMITS, Limits

ACCOUNT, OTHER = "1" * 12, "2" * 12

SCRIPTS = {
    "writes": "import sys; open(sys.argv[1], 'w').write(sys.argv[2])",
    "reports": (
        "import sys, time, pathlib\n"
        "print('loading'); print(0.25, flush=True)\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)\n"
        "print(0.75, flush=True); open(sys.argv[1], 'w').close()\n"
    ),
    "fails": (
        "import sys; open(sys.argv[1], 'w').write('half')\n"
        "print('noise', file=sys.stderr); sys.exit('The video is damaged.')\n"
    ),
    "writes_nothing": "",
    "hangs": "import time; time.sleep(600)",
    "allocates": "x = bytearray(300 << 20); import time; time.sleep(600)",
    "writes_niceness": "import os, sys; open(sys.argv[1], 'w').write(str(os.nice(0)))",
}


class Studio:
    """Orders, and makers that carry them out; a request is a module and its arguments."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.jobs = JobStore(database)
        self.orders = ArtifactOrders(database, folder)
        self.job_id = self.job()

    def job(self) -> str:
        return self.jobs.submit(NewJob(ACCOUNT, "Start", {}, {}), 0).id

    def order(self, name: str, *command: str, account: str = ACCOUNT) -> None:
        self.orders.order(self.job_id, name, account, {"command": command})

    def stage(self, name: str) -> ArtifactStage | None:
        status = self.orders.status(self.job_id, name)
        return None if status is None else status.stage

    @contextmanager
    def working(
        self, limits: Limits = NO_LIMITS, *, niceness: int = 0, is_quick: bool = False
    ) -> Iterator[None]:
        """A worker while the block runs."""
        stop = threading.Event()
        maker = ArtifactMaker(self.orders, command_of, limits, niceness, is_quick=is_quick)
        thread = threading.Thread(target=maker.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def command_of(order: ArtifactOrder, draft: Path) -> Sequence[str]:
    module, *arguments = cast("list[str]", order.request["command"])
    return [module, str(draft), *arguments]


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name, text in SCRIPTS.items():
        (scripts / f"{name}.py").write_text(text)
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(scripts), before])))
    with closing(open_database(f"sqlite:///{tmp_path}/jobs.db")) as database:
        yield Studio(database, tmp_path / "pictures")


def test_nobody_makes_anything_without_a_worker(studio: Studio) -> None:
    assert studio.stage("film.mp4") is None
    studio.order("film.mp4", "writes", "moving")

    assert studio.stage("film.mp4") is ArtifactStage.WAITING
    assert studio.orders.path(studio.job_id, "film.mp4") is None


def test_what_was_made_stays_and_is_made_once(studio: Studio) -> None:
    with studio.working():
        studio.order("film.mp4", "writes", "first")
        studio.order("film.mp4", "writes", "second")
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.READY)
        studio.order("film.mp4", "writes", "third")

    path = studio.orders.path(studio.job_id, "film.mp4")
    assert path is not None
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]
    assert studio.orders.unfinished(ACCOUNT) == []


def test_progress_and_one_at_a_time(studio: Studio, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    studio.order("a", "reports", str(go_on))
    studio.order("b", "writes", "")

    with studio.working():
        wait_until(lambda: studio.orders.unfinished(ACCOUNT)[0].fraction == 0.25)
        stages = [status.stage for status in studio.orders.unfinished(ACCOUNT)]
        assert stages == [ArtifactStage.UNDER_WAY, ArtifactStage.WAITING]
        go_on.touch()
        wait_until(lambda: studio.stage("b") is ArtifactStage.READY)

    assert studio.stage("a") is ArtifactStage.READY


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("fails", "The video is damaged.", id="its last line says why"),
        pytest.param("writes_nothing", "Nothing was written.", id="without a word"),
        pytest.param("allocates", "It took more than 200 MiB of memory.", id="too much memory"),
    ],
)
def test_failures(studio: Studio, script: str, message: str) -> None:
    studio.order("film.mp4", script)

    with studio.working(Limits(200 * MEBIBYTE)):
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.FAILED)
        status = studio.orders.status(studio.job_id, "film.mp4")
        assert status is not None
        assert status.message == message
        assert list((studio.orders.folder / studio.job_id).iterdir()) == []

        studio.order("film.mp4", "writes", "better")
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.READY)


def test_an_artifact_without_progress_fails(studio: Studio) -> None:
    studio.order("film.mp4", "hangs")

    with studio.working(Limits(stall_seconds=0.5)):
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.FAILED)

    status = studio.orders.status(studio.job_id, "film.mp4")
    assert status is not None
    assert status.message == "It made no progress for 0.5 seconds."


def test_an_order_that_cannot_even_begin_holds_up_no_other(studio: Studio) -> None:
    studio.order("a")  # without a module
    studio.order("b", "writes", "")

    with studio.working():
        wait_until(lambda: studio.stage("b") is ArtifactStage.READY)

    assert studio.stage("a") is ArtifactStage.FAILED


def test_children_stand_back(studio: Studio) -> None:
    studio.order("niceness", "writes_niceness")

    with studio.working(niceness=7):
        wait_until(lambda: studio.stage("niceness") is ArtifactStage.READY)

    path = studio.orders.path(studio.job_id, "niceness")
    assert path is not None
    assert int(path.read_text()) == min(os.nice(0) + 7, 19)


def test_a_worker_that_ends_gives_back_what_is_under_way(studio: Studio) -> None:
    studio.order("film.mp4", "hangs")

    for _ in range(4):  # more often than a worker may die of it
        with studio.working():
            wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.UNDER_WAY)
        assert studio.stage("film.mp4") is ArtifactStage.WAITING

    assert list((studio.orders.folder / studio.job_id).iterdir()) == []


def test_what_is_made_of_a_job_that_is_deleted_is_not_kept(studio: Studio, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    studio.order("film.mp4", "reports", str(go_on))
    with studio.working():
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.UNDER_WAY)
        with studio.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM jobs")
        wait_until(lambda: not list((studio.orders.folder / studio.job_id).iterdir()))

    assert studio.stage("film.mp4") is None


def test_what_is_quick_does_not_wait_for_a_film(studio: Studio) -> None:
    studio.order("film.mp4", "hangs")
    studio.orders.order(studio.job_id, "check", ACCOUNT, {"command": ["writes", ""]}, is_quick=True)

    with studio.working(), studio.working(is_quick=True):
        wait_until(lambda: studio.stage("film.mp4") is ArtifactStage.UNDER_WAY)
        wait_until(lambda: studio.stage("check") is ArtifactStage.READY)


def test_accounts_take_turns(studio: Studio) -> None:
    for name in ("a", "b", "c"):
        studio.order(name, "writes", "", account=ACCOUNT)
    for name in ("x", "y"):
        studio.order(name, "writes", "", account=OTHER)

    with studio.working():
        wait_until(lambda: studio.stage("c") is ArtifactStage.READY)

    folder = studio.orders.folder / studio.job_id
    made = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name for path in made] == ["a", "x", "b", "y", "c"]
