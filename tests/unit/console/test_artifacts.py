"""Real child processes."""

import os
from pathlib import Path

import pytest
from tests.waiting import wait_until

from passerby.console.artifacts import (
    ORDERS_OF_ACCOUNT,
    ArtifactQueue,
    ArtifactStage,
    Command,
    TooManyOrders,
)
from passerby.processes.limits import NO_LIMITS, Limits

from .conftest import JOB

ACCOUNT, OTHER = "1" * 12, "2" * 12


def stage(queue: ArtifactQueue, name: str) -> ArtifactStage | None:
    status = queue.status(JOB, name)
    return None if status is None else status.stage


def test_what_nobody_ordered(queue: ArtifactQueue) -> None:
    assert queue.status(JOB, "film.mp4") is None
    assert queue.path(JOB, "film.mp4") is None
    assert queue.unfinished() == []


def test_what_was_made_stays(queue: ArtifactQueue, folder: Path) -> None:
    queue.order(JOB, "film.mp4", lambda draft: ["writes", str(draft), "moving"], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.READY)

    path = queue.path(JOB, "film.mp4")

    assert path == folder / JOB / "film.mp4"
    assert path.read_text() == "moving"
    assert list(path.parent.iterdir()) == [path]
    assert queue.unfinished() == []


def test_it_is_made_once(queue: ArtifactQueue) -> None:
    queue.order(JOB, "film.mp4", lambda draft: ["writes", str(draft), "first"], ACCOUNT)
    queue.order(JOB, "film.mp4", lambda draft: ["writes", str(draft), "second"], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.READY)
    ordered = queue.order(JOB, "film.mp4", lambda draft: ["writes", str(draft), "third"], ACCOUNT)

    path = queue.path(JOB, "film.mp4")
    assert path is not None
    assert path.read_text() == "first"
    assert ordered.stage is ArtifactStage.READY


def test_progress_and_one_at_a_time(queue: ArtifactQueue, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    queue.order(JOB, "a", lambda draft: ["reports", str(draft), str(go_on)], ACCOUNT)
    queue.order(JOB, "b", lambda draft: ["writes", str(draft), ""], ACCOUNT)

    wait_until(lambda: [s.fraction for s in queue.unfinished()] == [0.25, 0.0])
    assert [s.stage for s in queue.unfinished()] == [ArtifactStage.UNDER_WAY, ArtifactStage.WAITING]

    go_on.touch()
    wait_until(lambda: stage(queue, "b") is ArtifactStage.READY)
    assert stage(queue, "a") is ArtifactStage.READY


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("fails", "The video is damaged.", id="its last line says why"),
        pytest.param("writes_nothing", "Nothing was written.", id="without a word"),
        pytest.param("allocates", "It took more than 200 MiB of memory.", id="too much memory"),
    ],
)
def test_failures(queue: ArtifactQueue, folder: Path, script: str, message: str) -> None:
    queue.order(JOB, "film.mp4", lambda draft: [script, str(draft)], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.FAILED)

    status = queue.status(JOB, "film.mp4")

    assert status is not None
    assert status.message == message
    assert list((folder / JOB).iterdir()) == []


def test_an_artifact_without_progress_fails(folder: Path) -> None:
    queue = ArtifactQueue(folder, Limits(stall_seconds=0.5))
    queue.order(JOB, "film.mp4", lambda draft: ["hangs", str(draft)], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.FAILED)

    status = queue.status(JOB, "film.mp4")
    queue.close()

    assert status is not None
    assert status.message == "It made no progress for 0.5 seconds."


def test_an_order_that_cannot_even_begin_holds_up_no_other(queue: ArtifactQueue) -> None:
    def broken(_draft: Path) -> list[str]:
        raise ZeroDivisionError

    queue.order(JOB, "a", broken, ACCOUNT)
    queue.order(JOB, "b", lambda draft: ["writes", str(draft), ""], ACCOUNT)

    wait_until(lambda: stage(queue, "b") is ArtifactStage.READY)
    assert stage(queue, "a") is ArtifactStage.FAILED


def test_what_failed_can_be_ordered_again(queue: ArtifactQueue) -> None:
    queue.order(JOB, "film.mp4", lambda draft: ["fails", str(draft)], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.FAILED)

    queue.order(JOB, "film.mp4", lambda draft: ["writes", str(draft), "better"], ACCOUNT)

    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.READY)


def test_children_stand_back(queue: ArtifactQueue) -> None:
    queue.order(JOB, "niceness", lambda draft: ["writes_niceness", str(draft)], ACCOUNT)
    wait_until(lambda: stage(queue, "niceness") is ArtifactStage.READY)

    path = queue.path(JOB, "niceness")

    assert path is not None
    assert int(path.read_text()) == min(os.nice(0) + 7, 19)


def test_closing_ends_what_is_under_way(folder: Path) -> None:
    queue = ArtifactQueue(folder, NO_LIMITS)
    queue.order(JOB, "film.mp4", lambda draft: ["hangs", str(draft)], ACCOUNT)
    wait_until(lambda: stage(queue, "film.mp4") is ArtifactStage.UNDER_WAY)

    queue.close()

    assert list((folder / JOB).iterdir()) == []


def test_accounts_take_turns(queue: ArtifactQueue, tmp_path: Path) -> None:
    go_on, log = tmp_path / "go on", tmp_path / "log"
    queue.order(JOB, "first", lambda draft: ["reports", str(draft), str(go_on)], ACCOUNT)

    def noting(name: str) -> Command:
        def command(draft: Path) -> list[str]:
            with log.open("a") as file:
                file.write(f"{name} ")
            return ["writes", str(draft), ""]

        return command

    for name in ("a", "b", "c"):
        queue.order(JOB, name, noting(name), ACCOUNT)
    for name in ("x", "y"):
        queue.order(JOB, name, noting(name), OTHER)
    go_on.touch()
    wait_until(lambda: not queue.unfinished())

    assert log.read_text().split() == ["x", "a", "y", "b", "c"]


def test_an_account_orders_so_many_at_a_time(queue: ArtifactQueue, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    for number in range(ORDERS_OF_ACCOUNT):
        name = f"{number}.mp4"
        queue.order(JOB, name, lambda draft: ["reports", str(draft), str(go_on)], ACCOUNT)

    with pytest.raises(TooManyOrders):
        queue.order(JOB, "more.mp4", lambda draft: ["writes", str(draft), ""], ACCOUNT)
    again = queue.order(JOB, "0.mp4", lambda draft: ["writes", str(draft), ""], ACCOUNT)
    other = queue.order(JOB, "other.mp4", lambda draft: ["writes", str(draft), ""], OTHER)

    assert (again.name, other.stage) == ("0.mp4", ArtifactStage.WAITING)
    go_on.touch()
