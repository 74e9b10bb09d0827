"""The list of jobs."""

import time
from contextlib import closing
from datetime import UTC, datetime

from playwright.sync_api import expect
from tests.integration.conftest import all_persons, people_clip, start
from tests.waiting import PATIENCE_SECONDS

from .conftest import Console, Guest
from .stage import Stager

FRAMES = 400  # of a clip whose analysis takes some seconds
LONG = 20_000  # of one that nobody waits for


def test_somebody_new_is_told_what_to_do(spectator: Guest) -> None:
    page = spectator.page
    expect(page.get_by_role("heading", name="Nothing has been analysed yet")).to_be_visible()

    page.get_by_role("link", name="Choose a video").click()

    expect(page.get_by_role("heading", name="New analysis")).to_be_visible()


def test_progress_moves_by_itself(guest: Guest, console: Console) -> None:
    people_clip(console.service.bucket / "some-time.mp4", FRAMES)
    job_id = start(guest.client, "some-time.mp4")
    guest.page.reload()
    row = guest.row("some-time.mp4")
    seen: set[float] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while row.locator("[data-part=words]").text_content() != "Done":
        seen.add(row.locator("progress").evaluate("bar => bar.value"))
        assert time.monotonic() < deadline
        time.sleep(0.05)

    people = 1 + max(item["Person"]["Index"] for item in all_persons(guest.client, job_id))
    assert len([value for value in seen if 0 < value < 1]) >= 3
    expect(row.locator("[data-part=found]")).to_have_text(f"{people} people in 0:40")
    expect(row.locator("progress")).to_be_hidden()
    expect(row.get_by_role("button", name="Cancel")).to_be_hidden()


def test_a_running_job_is_cancelled(guest: Guest, console: Console) -> None:
    people_clip(console.service.bucket / "long.mp4", LONG)
    start(guest.client, "long.mp4")
    guest.page.reload()
    row = guest.row("long.mp4")
    words = row.locator("[data-part=words]")
    expect(words).to_have_text("Running")

    row.get_by_role("button", name="Cancel long.mp4").click()
    guest.page.get_by_role("button", name="Keep the job").click()
    expect(words).to_have_text("Running")
    row.get_by_role("button", name="Cancel long.mp4").click()
    guest.page.get_by_role("button", name="Cancel the job").click()

    expect(words).to_have_text("Cancelled")
    expect(row.get_by_role("link")).to_be_focused()


def test_why_a_job_failed(spectator: Guest, stage: Console) -> None:
    with closing(Stager(stage.service.data)) as stager:
        stager.failed("cctv/no-video.mp4", "Unsupported codec/format.", spectator.key.account_id)
    spectator.page.reload()

    expect(spectator.row("no-video.mp4")).to_contain_text("Unsupported codec/format.")


def test_new_jobs_are_announced(spectator: Guest, stage: Console) -> None:
    account_id = spectator.key.account_id
    with closing(Stager(stage.service.data, datetime.now(UTC))) as stager:
        stager.cancelled("cctv/a.mp4", account_id=account_id)
        spectator.page.reload()
        stager.queued("cctv/b.mp4", account_id=account_id)
        expect(spectator.page.get_by_role("link", name="1 new job")).to_be_visible()
        stager.queued("cctv/c.mp4", account_id=account_id)
        spectator.page.get_by_role("link", name="2 new jobs").click()

    expect(spectator.row("c.mp4")).to_be_visible()


def test_filters(spectator: Guest, stage: Console) -> None:
    page = spectator.page
    with closing(Stager(stage.service.data)) as stager:
        for tag in ("gate-north", "gate-south", "yard"):
            stager.cancelled(f"cctv/{tag}.mp4", tag, spectator.key.account_id)
    page.reload()

    page.get_by_role("searchbox", name="Tag").fill("GATE")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-job]")).to_have_count(2)
    page.get_by_role("link", name="Failed").click()
    expect(page.get_by_text("No jobs match.")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Tag")).to_have_value("GATE")
    page.get_by_role("link", name="Show all").click()

    expect(page.locator("tr[data-job]")).to_have_count(3)
