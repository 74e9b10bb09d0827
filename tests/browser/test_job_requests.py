"""What the page of a job asks of the server, asked without a page."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page

from .conftest import Console
from .footage import Found, film, have

COUNT = 30
TIMES = [40 * number for number in range(COUNT)]
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def short(cinema: Console) -> Found:
    return film(cinema.service.data, "short.mp4", COUNT, TIMES)


def address(cinema: Console, found: Found, rest: str) -> str:
    return f"{cinema.url}jobs/{found.job_id}{rest}"


def post(page: Page, url: str, data: Any = None) -> APIResponse:  # noqa: ANN401 - JSON
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    assert token is not None
    return page.request.post(url, data=data or {}, headers={**JSON, "X-CSRF-Token": token})


def made(page: Page, url: str) -> None:
    """Order something until it is there."""
    for _ in range(200):
        standing = post(page, url).json()
        assert standing["stage"] != "failed", standing
        if standing["stage"] == "ready":
            return
        time.sleep(0.1)
    raise AssertionError(url)


GETS = ["", "/video", "/paths?from_ms=0&to_ms=100", "/persons", "/heat", "/counts", "/places"]
GETS += ["/portraits/0.png", "/export/csv"]
POSTS = ["/footage", "/portraits", "/summary", "/export/csv"]


@pytest.mark.parametrize("rest", GETS)
def test_nothing_without_login(outside: Page, cinema: Console, short: Found, rest: str) -> None:
    answer = outside.request.get(address(cinema, short, rest), headers=JSON)

    assert answer.status == 401


@pytest.mark.parametrize("rest", POSTS)
def test_nothing_is_made_without_login(
    outside: Page, cinema: Console, short: Found, rest: str
) -> None:
    answer = outside.request.post(address(cinema, short, rest), headers=JSON)

    assert answer.status == 401


def test_nor_with_a_login_alone(viewer: Page, cinema: Console, short: Found) -> None:
    for rest in POSTS:
        answer = viewer.request.post(address(cinema, short, rest), headers=JSON)

        assert answer.status == 403, rest


def test_a_job_of_another_account_is_not_there(viewer: Page, cinema: Console, short: Found) -> None:
    theirs = have(
        cinema.service.data, "short.mp4", short.sightings, short.video, account_id="123456789012"
    )
    for rest in GETS:
        answer = viewer.request.get(address(cinema, theirs, rest), headers=JSON)

        assert answer.status == 404, rest
    for rest in POSTS:
        assert post(viewer, address(cinema, theirs, rest)).status == 404, rest


def test_parts_of_the_video(viewer: Page, cinema: Console, short: Found) -> None:
    made(viewer, address(cinema, short, "/footage"))
    url = address(cinema, short, "/video")
    content = (cinema.service.bucket / "short.mp4").read_bytes()

    def asked(**headers: str) -> APIResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return viewer.request.get(url, headers=sent)

    whole = asked()
    assert (whole.status, whole.body()) == (200, content)
    assert whole.headers["accept-ranges"] == "bytes"
    part = asked(Range="bytes=100-199")
    assert (part.status, part.body()) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    etag = part.headers["etag"]
    assert asked(Range="bytes=-50").body() == content[-50:]
    assert asked(Range="bytes=5-", If_Range=etag).body() == content[5:]
    changed = asked(Range="bytes=5-", If_Range='"another"')
    assert (changed.status, changed.body()) == (200, content)
    beyond = asked(Range=f"bytes={len(content)}-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")


def test_a_video_that_has_changed_is_not_shown(viewer: Page, cinema: Console) -> None:
    found = film(cinema.service.data, "changed.mp4", COUNT, TIMES)
    made(viewer, address(cinema, found, "/footage"))
    (cinema.service.bucket / "changed.mp4").write_bytes(b"something else")

    answer = viewer.request.get(address(cinema, found, "/video"), headers=JSON)

    assert answer.status == 404
    assert "changed" in answer.json()["error"]


def test_rows_of_a_stretch_of_time(viewer: Page, cinema: Console, short: Found) -> None:
    url = address(cinema, short, "/paths?from_ms=390&to_ms=450")

    rows = viewer.request.get(url, headers=JSON).json()

    assert rows["time"] == [400, 400, 400, 440, 440, 440]
    assert rows["frame"] == [10, 10, 10, 11, 11, 11]
    assert rows["person"] == [0, 1, 2, 0, 1, 2]
    assert rows["box"][:4] == [20, 0, 60, 120]
    assert rows["face"] == [0, 1, 2, -1, -1, -1]
    assert len(rows["face_points"]) == 3 * 5 * 2
    for query in ("from_ms=0&to_ms=99999", "from_ms=5&to_ms=1", "from_ms=x&to_ms=1", ""):
        refused = viewer.request.get(address(cinema, short, f"/paths?{query}"), headers=JSON)
        assert refused.status == 400


DOWNLOADS = {
    "csv": ("csv", []),
    "annotated": ("annotated", []),
    "blurred?who=all-but&person=2&person=0": (
        "blurred",
        ["--blur", "all-but", "--person", "0", "--person", "2"],
    ),
}


@pytest.mark.parametrize("wanted", DOWNLOADS)
def test_a_download_is_what_the_command_line_writes(
    viewer: Page, cinema: Console, short: Found, tmp_path: Path, wanted: str
) -> None:
    url = address(cinema, short, f"/export/{wanted}")
    assert viewer.request.get(url, headers=JSON).status == 404
    made(viewer, url)

    answer = viewer.request.get(url)

    form, options = DOWNLOADS[wanted]
    target = tmp_path / "written"
    command = ["export", short.job_id, "--to", form, *options, "--out", target]
    command += ["--data", cinema.service.data]
    subprocess.run([sys.executable, "-m", "passerby", *map(str, command)], check=True)
    assert answer.body() == target.read_bytes()
    name = answer.headers["content-disposition"].partition("filename=")[2].strip('"')
    assert name.startswith("short.")


@pytest.mark.parametrize("wanted", ["blurred?who=only", "blurred?who=x", "blurred?person=1"])
def test_a_blur_that_makes_no_sense(
    viewer: Page, cinema: Console, short: Found, wanted: str
) -> None:
    assert post(viewer, address(cinema, short, f"/export/{wanted}")).status == 400


def test_there_is_no_such_format(viewer: Page, cinema: Console, short: Found) -> None:
    assert post(viewer, address(cinema, short, "/export/docx")).status == 404
