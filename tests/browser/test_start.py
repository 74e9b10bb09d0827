"""Videos looked for in buckets, uploaded, and analysed."""

import pytest
from playwright.sync_api import expect
from tests.integration.conftest import SAMPLE
from tests.waiting import wait_until

from .conftest import Console, Guest

SLOW_BYTES_PER_SECOND = 400_000


def slow_down(guest: Guest) -> None:
    """Give the page a line on which the sample takes some seconds."""
    line = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session = guest.page.context.new_cdp_session(guest.page)
    session.send(
        "Network.emulateNetworkConditions",
        {**line, "uploadThroughput": SLOW_BYTES_PER_SECOND},
    )


def test_from_a_bucket_to_a_job(spectator: Guest) -> None:
    page = spectator.page
    page.get_by_role("link", name="New analysis").click()
    page.get_by_role("link", name="cctv").click()
    page.get_by_role("link", name="people.mp4").click()
    page.get_by_label("Tag").fill("from-bucket")

    page.get_by_role("button", name="Start analysis").dblclick()

    expect(spectator.row("from-bucket")).to_contain_text("people.mp4")
    expect(page.locator("tr[data-job]")).to_have_count(1)


def test_an_upload_with_progress_and_its_analysis(guest: Guest, console: Console) -> None:
    page = guest.page
    page.get_by_role("link", name="New analysis").click()
    slow_down(guest)
    page.evaluate(
        """() => {
          window.seen = new Set();
          const bar = document.querySelector("upload-form progress");
          new MutationObserver(() => seen.add(bar.value)).observe(bar, { attributes: true });
        }"""
    )
    with page.expect_navigation():
        page.get_by_label("Choose a file").set_input_files(SAMPLE)
        expect(page.get_by_text("people-walking.mp4")).to_be_visible()
        between = "[...seen].filter((value) => 0 < value && value < 1).length"
        wait_until(lambda: page.evaluate(between) >= 3)

    folder = console.service.data / "buckets/uploads" / guest.key.account_id
    assert (folder / SAMPLE.name).read_bytes() == SAMPLE.read_bytes()
    page.get_by_role("button", name="Start analysis").click()
    done = guest.row(SAMPLE.name).locator("[data-part=words]")
    expect(done).to_have_text("Done", timeout=120_000)
    expect(guest.row(SAMPLE.name)).to_contain_text("people in 0:16")


def test_an_upload_that_is_stopped(spectator: Guest, stage: Console) -> None:
    page = spectator.page
    page.get_by_role("link", name="New analysis").click()
    slow_down(spectator)
    page.get_by_label("Choose a file").set_input_files(
        {"name": "stopped.mp4", "mimeType": "video/mp4", "buffer": bytes(4_000_000)}
    )

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("alert")).to_have_text("Cancelled. Nothing was saved.")
    assert not list((stage.service.data / "buckets/uploads").rglob("stopped.mp4"))
    expect(page.get_by_text("Choose a file")).to_be_visible()


def test_a_refused_start_keeps_what_was_typed(spectator: Guest, stage: Console) -> None:
    page = spectator.page
    page.goto(f"{stage.url}start?bucket=cctv&key=vanished.mp4")
    page.get_by_label("Tag").fill("still-here")

    page.get_by_role("button", name="Start analysis").click()

    expect(page.get_by_role("alert")).to_have_text("There is no such bucket, object or version.")
    expect(page.get_by_label("Tag")).to_have_value("still-here")


@pytest.mark.parametrize("name", ["Straße & <b>Hof.mp4", "100% #1?.mp4", "日本.mp4"])
def test_names_of_all_kinds(spectator: Guest, stage: Console, name: str) -> None:
    page = spectator.page
    page.goto(f"{stage.url}start")
    with page.expect_navigation():
        page.get_by_label("Choose a file").set_input_files(
            {"name": name, "mimeType": "video/mp4", "buffer": b"x"}
        )

    expect(page.locator(".chosen strong")).to_have_text(f"{spectator.key.account_id}/{name}")
    page.get_by_role("button", name="Start analysis").click()
    expect(spectator.row(name)).to_be_visible()
