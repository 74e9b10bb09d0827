"""Warnings about a damaged video are kept with its job."""

import pytest
from rich.console import Console

from passerby.cli import terminal
from passerby.database.connection import Database
from passerby.jobs.job import Counts, NewJob
from passerby.jobs.store import JobStore
from passerby.records import VideoInfo

NEW = NewJob("000000000000", "Start", {}, {"bucket": "cctv", "key": "gate.ts"})
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param(["Damaged.", "Cut."], ("Damaged.", "Cut."), id="two stretches"),
        pytest.param(["Damaged."] * 100, ("Damaged.",) * 100, id="as many as are kept"),
        pytest.param(
            ["Damaged."] * 20_000,
            (
                *("Damaged.",) * 100,
                "And so on: 20000 such sentences are in the worker's log.",
            ),
            id="more than that",
        ),
    ],
)
def test_a_limited_number_of_warnings_is_kept(
    database: Database, said: list[str], kept: tuple[str, ...]
) -> None:
    store = JobStore(database)
    job = store.submit(NEW, open_limit=1)
    assert job.warnings == ()
    assert store.claim("anna", 60)

    store.succeed(job.id, "anna", VIDEO, Counts(1, 1), warnings=said)

    assert store.find(job.id).warnings == kept


def test_each_is_shown_on_a_line(database: Database) -> None:
    store = JobStore(database)
    job = store.submit(NEW, open_limit=1)
    assert store.claim("anna", 60)
    store.succeed(job.id, "anna", VIDEO, Counts(1, 1), warnings=["It is damaged.", "It ends."])
    console = Console(width=100)

    with console.capture() as shown:
        console.print(terminal.job_table(store.find(job.id), delivery=None))

    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    assert lines[lines.index("warnings It is damaged.") + 1] == "It ends."


def test_the_sizes_of_the_detectors_images_are_kept_and_shown(database: Database) -> None:
    store = JobStore(database)
    job = store.submit(NEW, open_limit=1)
    assert job.input_sizes == ()
    assert store.claim("anna", 60)
    sizes = ((736, 416), (384, 224))
    console = Console(width=100)

    store.succeed(job.id, "anna", VIDEO, Counts(1, 1), input_sizes=sizes)
    with console.capture() as shown:
        console.print(terminal.job_table(store.find(job.id), delivery=None))

    assert store.find(job.id).input_sizes == sizes
    assert "detector sizes 736x416, 384x224" in " ".join(shown.get().split())
