"""Real child processes."""

import os
import time
from pathlib import Path

import pytest

from passerby.console.artifacts import Making, Stage
from passerby.processes.child import Limits

from .conftest import JOB, MEBIBYTE, wait_until


def stage(making: Making, name: str) -> Stage | None:
    standing = making.standing(JOB, name)
    return None if standing is None else standing.stage


def test_what_nobody_ordered(making: Making) -> None:
    assert making.standing(JOB, "film.mp4") is None
    assert making.path(JOB, "film.mp4") is None
    assert making.standings() == []


def test_what_was_made_stays(making: Making, folder: Path) -> None:
    making.ask(JOB, "film.mp4", lambda draft: ["writes", str(draft), "moving"])
    wait_until(lambda: stage(making, "film.mp4") is Stage.READY)

    path = making.path(JOB, "film.mp4")

    assert path == folder / JOB / "film.mp4"
    assert path.read_text() == "moving"
    assert list(path.parent.iterdir()) == [path]
    assert making.standings() == []


def test_it_is_made_once(making: Making) -> None:
    making.ask(JOB, "film.mp4", lambda draft: ["writes", str(draft), "first"])
    making.ask(JOB, "film.mp4", lambda draft: ["writes", str(draft), "second"])
    wait_until(lambda: stage(making, "film.mp4") is Stage.READY)
    asked = making.ask(JOB, "film.mp4", lambda draft: ["writes", str(draft), "third"])

    path = making.path(JOB, "film.mp4")
    assert path is not None
    assert path.read_text() == "first"
    assert asked.stage is Stage.READY


def test_progress_and_one_at_a_time(making: Making, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    making.ask(JOB, "a", lambda draft: ["tells", str(draft), str(go_on)])
    making.ask(JOB, "b", lambda draft: ["writes", str(draft), ""])

    wait_until(lambda: [s.fraction for s in making.standings()] == [0.25, 0.0])
    assert [s.stage for s in making.standings()] == [Stage.UNDER_WAY, Stage.WAITING]

    go_on.touch()
    wait_until(lambda: stage(making, "b") is Stage.READY)
    assert stage(making, "a") is Stage.READY


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("fails", "The video is damaged.", id="its last line says why"),
        pytest.param("writes_nothing", "Nothing was written.", id="without a word"),
        pytest.param("hangs", "It made no progress for 3 seconds.", id="no progress"),
        pytest.param("swells", "It took more than 200 MiB of memory.", id="too much memory"),
    ],
)
def test_failures(making: Making, folder: Path, script: str, message: str) -> None:
    making.ask(JOB, "film.mp4", lambda draft: [script, str(draft)])
    wait_until(lambda: stage(making, "film.mp4") is Stage.FAILED)

    standing = making.standing(JOB, "film.mp4")

    assert standing is not None
    assert standing.message == message
    assert list((folder / JOB).iterdir()) == []


def test_an_order_that_cannot_even_begin_holds_up_no_other(making: Making) -> None:
    def broken(_draft: Path) -> list[str]:
        raise ZeroDivisionError

    making.ask(JOB, "a", broken)
    making.ask(JOB, "b", lambda draft: ["writes", str(draft), ""])

    wait_until(lambda: stage(making, "b") is Stage.READY)
    assert stage(making, "a") is Stage.FAILED


def test_what_failed_can_be_ordered_again(making: Making) -> None:
    making.ask(JOB, "film.mp4", lambda draft: ["fails", str(draft)])
    wait_until(lambda: stage(making, "film.mp4") is Stage.FAILED)

    making.ask(JOB, "film.mp4", lambda draft: ["writes", str(draft), "better"])

    wait_until(lambda: stage(making, "film.mp4") is Stage.READY)


def test_children_stand_back(making: Making) -> None:
    making.ask(JOB, "niceness", lambda draft: ["says_how_nice", str(draft)])
    wait_until(lambda: stage(making, "niceness") is Stage.READY)

    path = making.path(JOB, "niceness")

    assert path is not None
    assert int(path.read_text()) == min(os.nice(0) + 7, 19)


def test_closing_ends_what_is_under_way(folder: Path) -> None:
    making = Making(folder, Limits(200 * MEBIBYTE, stall_seconds=60, niceness=0))
    making.ask(JOB, "film.mp4", lambda draft: ["hangs", str(draft)])
    wait_until(lambda: stage(making, "film.mp4") is Stage.UNDER_WAY)
    began = time.monotonic()

    making.close()

    assert time.monotonic() - began < 5
    assert list((folder / JOB).iterdir()) == []
