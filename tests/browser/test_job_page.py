"""What a job's page shows: on which frame the boxes lie, and whose they are."""

import base64
import time
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from tests.waiting import PATIENCE_SECONDS

from passerby.films.palette import colour_of
from passerby.films.placement import locate_faces, locate_persons, trace_trails
from passerby.records import NO_FACE

from .conftest import Console
from .footage import BITS, SIZE, Found, film, in_front, number_in, people_in
from .test_access_for_all import LEAST_TARGET_PX, SMALL_TARGETS, WITHOUT_NAME
from .test_looks import SMALL, WIDE, compare

COUNT = 100
NEAR = 2.0  # pixels of the video

IRREGULAR = np.cumsum([0, *([20, 90, 33, 40, 67] * 20)])[:COUNT].tolist()


@pytest.fixture(scope="module")
def plain(cinema: Console) -> Found:
    """25 frames a second, B-frames, played as it is."""
    times = [40 * number for number in range(COUNT)]
    return film(cinema.service.data, "plain.mp4", COUNT, times, b_frames=2)


@pytest.fixture(scope="module")
def irregular(cinema: Console) -> Found:
    """Frames at irregular times, played as it is."""
    return film(cinema.service.data, "irregular.mp4", COUNT, IRREGULAR, timestamps_ms=IRREGULAR)


@pytest.fixture(scope="module")
def late(cinema: Console) -> Found:
    """Irregular times, the first at 1.5 seconds: browsers disagree, so there is a preview."""
    times = [1500 + time for time in IRREGULAR]
    options = {"timestamps_ms": IRREGULAR, "start_ms": 1500}
    return film(cinema.service.data, "late.mp4", COUNT, times, **options)


@pytest.fixture(scope="module")
def old(cinema: Console) -> Found:
    """MPEG-4 part 2, which no browser plays."""
    times = [40 * number for number in range(COUNT)]
    options = {"codec": "mpeg4", "codec_options": {"b": "4000000"}}
    return film(cinema.service.data, "old.mp4", COUNT, times, **options)


def open_job(page: Page, console: Console, found: Found) -> None:
    """Open a job's page and wait for its video."""
    page.goto(f"{console.url}jobs/{found.job_id}")
    expect(page.locator(".curtain")).to_be_hidden()
    until(page, "document.querySelector('video').readyState >= 2")


def until(page: Page, expression: str) -> None:
    """Wait for an expression to be true; Playwright's own way breaks the page's policy."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        time.sleep(0.05)


def show(page: Page, timestamp_ms: int) -> int:
    """Seek as the page does; gives the time stamp of the frame that it says is shown."""
    shown: int = page.evaluate(
        """async (timestampMs) => {
            const player = document.querySelector("path-player");
            await player.frames.seek(timestampMs);
            await player.paths.load(timestampMs, timestampMs);
            await new Promise((resolve) => setTimeout(resolve, 60));
            return player.jobView.timestampMs;
        }""",
        timestamp_ms,
    )
    return shown


def picture(page: Page, *, marks: bool) -> NDArray[np.uint8]:
    """What is seen of the video, (h, w, 3) BGR, with the marks over it or without."""
    button = page.locator("[data-do=marks]")
    if (button.get_attribute("aria-pressed") == "true") is not marks:
        button.click()
    page.mouse.move(0, 0)
    encoded = np.frombuffer(page.locator(".screen").screenshot(), np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def marks(page: Page) -> NDArray[np.uint8]:
    """What is drawn over the video, (h, w, 4) BGRA."""
    written: str = page.evaluate("document.querySelector('.marks').toDataURL('image/png')")
    encoded = np.frombuffer(base64.b64decode(written.partition(",")[2]), np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED), np.uint8)


def drawn_box(pixels: NDArray[np.uint8], person: int) -> list[float]:
    """Middle of the lines of a person's box, by their colour, in pixels of the video."""
    mask = (pixels == (*colour_of(person), 255)).all(axis=2)
    columns = np.flatnonzero(mask.any(axis=0))
    left, right = columns[0], columns[-1] + 1
    # The number above the box is narrower than its upper line, even where that is dashed.
    lines = np.flatnonzero(mask[:, left:right].mean(axis=1) > 0.3)
    scale = pixels.shape[1] / SIZE[0]
    line = 2  # pixels, at a ratio of 1
    ends = [left + line / 2, lines[0] + line / 2, right - line / 2, lines[-1] + 1 - line / 2]
    return [float(end) / scale for end in ends]


@pytest.mark.parametrize("clip", ["plain", "irregular", "late", "old"])
def test_boxes_lie_on_the_people_of_the_frame_that_is_shown(
    viewer: Page, cinema: Console, clip: str, request: pytest.FixtureRequest
) -> None:
    found: Found = request.getfixturevalue(clip)
    open_job(viewer, cinema, found)

    for frame_index in (0, 1, 37, 38, 62, COUNT - 1, 12):
        timestamp_ms = found.timestamp_ms(frame_index)
        assert show(viewer, timestamp_ms) == timestamp_ms
        seen = picture(viewer, marks=False)
        assert number_in(seen) == frame_index
        expected = found.boxes(frame_index)
        painted = people_in(seen)
        picture(viewer, marks=True)
        canvas = marks(viewer)
        for person in in_front(expected):
            assert np.abs(np.subtract(painted[person], expected[person])).max() <= NEAR
            assert np.abs(np.subtract(drawn_box(canvas, person), expected[person])).max() <= NEAR


def test_a_time_between_two_frames_shows_the_earlier(
    viewer: Page, cinema: Console, irregular: Found
) -> None:
    open_job(viewer, cinema, irregular)

    assert show(viewer, irregular.timestamp_ms(41) - 5) == irregular.timestamp_ms(40)
    assert number_in(picture(viewer, marks=False)) == 40


@pytest.mark.parametrize("clip", ["plain", "irregular"])
def test_arrows_step_one_frame(
    viewer: Page, cinema: Console, clip: str, request: pytest.FixtureRequest
) -> None:
    found: Found = request.getfixturevalue(clip)
    open_job(viewer, cinema, found)
    show(viewer, found.timestamp_ms(20))
    step = "([key]) => new Promise((done) => setTimeout(done, 0))"
    frames = []

    for key in ["ArrowRight"] * 6 + ["ArrowLeft"] * 3:
        viewer.keyboard.press(key)
        until(viewer, "!document.querySelector('path-player').frames.isStepping")
        viewer.evaluate(step, [key])
        frames.append(number_in(picture(viewer, marks=False)))

    assert frames == [21, 22, 23, 24, 25, 26, 25, 24, 23]


def test_while_it_plays_each_box_is_that_of_the_frame(
    viewer: Page, cinema: Console, plain: Found
) -> None:
    open_job(viewer, cinema, plain)
    # The picture is read in the very callback that the boxes are drawn in.
    seen = viewer.evaluate(
        """async ([bits, width, top]) => {
            const video = document.querySelector("video");
            const { jobView } = document.querySelector("path-player");
            const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
            const context = canvas.getContext("2d", { willReadFrequently: true });
            const found = [];
            jobView.addEventListener("time", () => {
                context.drawImage(video, 0, 0);
                let number = 0;
                for (let place = 0; place < bits; place += 1) {
                    const [light] = context.getImageData((place + 0.5) * width, top, 1, 1).data;
                    number = 2 * number + (light > 127 ? 1 : 0);
                }
                found.push([jobView.timestampMs, number]);
            });
            await video.play();
            await new Promise((resolve) => setTimeout(resolve, 1500));
            video.pause();
            await new Promise((resolve) => setTimeout(resolve, 500));
            return found;
        }""",
        [BITS, 20, 230],
    )

    assert len(seen) > 10
    # A browser may tell of a frame when the next one is there already, if it is busy.
    lags = [number - timestamp_ms // 40 for timestamp_ms, number in seen]
    assert min(lags) == 0
    assert np.median(lags) == 0
    # Once it stands still, both are the same.
    shown = viewer.evaluate("document.querySelector('path-player').jobView.timestampMs")
    assert number_in(picture(viewer, marks=False)) == shown // 40


def test_the_rules_are_those_of_the_marked_video(
    viewer: Page, cinema: Console, irregular: Found
) -> None:
    open_job(viewer, cinema, irregular)
    sightings = irregular.sightings
    bodies = sightings.take(sightings.has_body)
    faces = sightings.take(sightings.face != NO_FACE)
    for timestamp_ms in (0, 7, 155, 1033, 1490, 2222, irregular.video.duration_ms + 500):
        placed, ways, heads = viewer.evaluate(
            """async (now) => {
                const { paths } = document.querySelector("path-player");
                const address = document.querySelector("script[type=module]").src;
                const rules = await import(new URL("placement.js", address));
                await paths.load(now - 2000, now + 450);
                const placed = rules.place(paths, now);
                const ways = rules.trails(paths, placed, now);
                return [placed, ways, rules.placeFaces(paths, now)];
            }""",
            timestamp_ms,
        )
        expected = locate_persons(bodies, timestamp_ms)
        assert [each["person"] for each in placed] == expected.person_index.tolist()
        assert [each["detected"] for each in placed] == expected.detected.tolist()
        boxes = np.array([each["box"] for each in placed]).reshape(-1, 4)
        np.testing.assert_allclose(boxes, expected.xyxy, atol=0.02)
        for way, trail in zip(ways, trace_trails(bodies, expected, timestamp_ms), strict=True):
            assert way["person"] == trail.person_index
            lines = np.column_stack([trail.points, trail.freshness])
            np.testing.assert_allclose(way["points"], lines, atol=0.02)
        expected_faces = locate_faces(faces, timestamp_ms)
        assert [each["person"] for each in heads] == expected_faces.person_index.tolist()
        points = np.array([each["points"] for each in heads]).reshape(-1, 5, 2)
        np.testing.assert_allclose(points, expected_faces.points, atol=0.02)


def test_who_is_clicked_is_followed(viewer: Page, cinema: Console, plain: Found) -> None:
    open_job(viewer, cinema, plain)
    show(viewer, plain.timestamp_ms(30))
    screen = viewer.locator(".screen").bounding_box()
    assert screen is not None
    left, top, right, bottom = plain.boxes(30)[2]
    scale = screen["width"] / SIZE[0]
    viewer.mouse.click(
        screen["x"] + scale * (left + right) / 2, screen["y"] + scale * ((top + bottom) / 2 + 30)
    )

    expect(viewer.locator(".following")).to_have_text("Person 2")
    expect(viewer.locator(".pictures [aria-pressed=true]")).to_contain_text("Person 2")
    viewer.keyboard.press("n")
    expect(viewer.locator(".following")).to_have_text("Person 0")
    viewer.keyboard.press("p")
    viewer.keyboard.press("p")
    expect(viewer.locator(".following")).to_have_text("Person 1")
    viewer.keyboard.press("Escape")
    expect(viewer.locator(".following")).to_be_empty()


def test_portraits_and_the_table_that_says_it_in_words(
    viewer: Page, cinema: Console, plain: Found
) -> None:
    open_job(viewer, cinema, plain)
    portraits = viewer.locator(".pictures img")
    expect(portraits).to_have_count(3)
    until(
        viewer,
        "[...document.querySelectorAll('.pictures img')].every((it) => it.naturalWidth === 144)",
    )

    viewer.get_by_role("button", name="Table").click()
    row = viewer.get_by_role("row").filter(has=viewer.get_by_role("button", name="1", exact=True))

    # Filled in from 1.00 s on, and up to its neighbours: from 0.96 s to 1.52 s.
    expect(row.get_by_role("cell")).to_have_text(["0:00.0", "0:03.9", "3.4 s", "0.6 s", "3.8 s"])


def test_keyboard_on_the_timeline(viewer: Page, cinema: Console, plain: Found) -> None:
    open_job(viewer, cinema, plain)
    rows = viewer.get_by_role("group", name="Timeline of persons")
    rows.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        viewer.keyboard.press(key)

    expect(viewer.locator(".following")).to_have_text("Person 1")
    expect(viewer.locator("path-timeline [aria-live]")).to_have_text(
        "Person 1, from 0:00.0 to 0:03.9"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_looks(
    viewer: Page, cinema: Console, plain: Found, theme: Literal["light", "dark"]
) -> None:
    for size in (WIDE, SMALL):
        viewer.emulate_media(color_scheme=theme, reduced_motion="reduce")
        viewer.set_viewport_size(size)
        open_job(viewer, cinema, plain)
        expect(viewer.locator(".pictures img")).to_have_count(3)
        show(viewer, plain.timestamp_ms(60))
        compare(viewer, f"job-{theme}-{size['width']}")


def test_everybody_can_use_it(viewer: Page, cinema: Console, plain: Found) -> None:
    viewer.set_viewport_size(SMALL)
    open_job(viewer, cinema, plain)
    expect(viewer.get_by_role("heading", level=1)).to_have_count(1)
    for tab in ("People", "Places", "Numbers", "Downloads"):
        viewer.get_by_role("tab", name=tab).click()
        assert viewer.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
        assert viewer.evaluate(WITHOUT_NAME) == []
        assert viewer.evaluate(SMALL_TARGETS, LEAST_TARGET_PX) == []
