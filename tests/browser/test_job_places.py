"""Zones and lines drawn over a video whose people walk as they were painted."""

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from .conftest import Console
from .footage import SIZE, Found, film
from .test_job_page import open_job

COUNT = 100


@pytest.fixture
def walkers(cinema: Console, request: pytest.FixtureRequest) -> Found:
    """Feet at x = 20 + 2n, 20 + 3n and 20 + 4n in frame n, until they turn at x = 300.

    Their y is 120, 160 and 200; a frame lasts 40 ms. A job of its own for each test.
    """
    times = [40 * number for number in range(COUNT)]
    name = f"{request.node.name}.mp4"
    return film(cinema.service.data, name, COUNT, times)


def click(page: Page, *points: tuple[float, float]) -> None:
    """Click points of the video, given in its pixels."""
    screen = page.locator(".screen").bounding_box()
    assert screen is not None
    scale = screen["width"] / SIZE[0]
    for x, y in points:
        page.mouse.click(screen["x"] + scale * x, screen["y"] + scale * y)


def figures(place: Locator) -> dict[str, str]:
    expect(place.locator(".figures")).to_be_visible()
    names = place.locator("dt").all_inner_texts()
    return dict(zip(names, place.locator("dd").all_inner_texts(), strict=True))


def test_a_zone_and_a_line_count_what_was_computed_by_hand(
    viewer: Page, cinema: Console, walkers: Found
) -> None:
    open_job(viewer, cinema, walkers)
    viewer.get_by_role("tab", name="Places").click()
    viewer.get_by_role("button", name="Draw a line").click()
    click(viewer, (100, 215), (100, 10))
    viewer.get_by_role("button", name="Draw a zone").click()
    click(viewer, (150, 100), (250, 100), (250, 218), (150, 218))
    viewer.keyboard.press("Enter")
    line, zone = viewer.locator(".place").nth(0), viewer.locator(".place").nth(1)
    expect(zone.locator(".figures")).to_be_visible()

    # Everybody walks to the right over a line that is drawn upwards: at 1600, 1067 and 800 ms.
    assert figures(line) == {"Forward": "3", "Backward": "0"}
    # In frames 65 to 99 (lost), 43 1/3 to 76 2/3, and 32.5 to 57.5 and 82.5 to 99 (lost).
    assert figures(zone) == {
        "Entries": "4",
        "Exits": "2",
        "Persons": "3",
        "Most at once": "2",
        "Mean stay": "1.5 s",
    }

    line.get_by_text("Crossings (3)").click()
    line.get_by_role("button", name="Person 2 · 0:00.8 forward").click()
    expect(viewer.locator(".following")).to_have_text("Person 2")
    expect(viewer.locator(".clock")).to_contain_text("0:00.80")


def test_places_are_kept_and_edited(viewer: Page, cinema: Console, walkers: Found) -> None:
    open_job(viewer, cinema, walkers)
    viewer.get_by_role("tab", name="Places").click()
    viewer.get_by_role("button", name="line", exact=True).click()
    place = viewer.locator(".place")
    place.get_by_label("Name of the line").fill("Door")
    place.get_by_label("Name of the line").press("Tab")
    place.get_by_text("Corners").click()
    for name, value in {"x of corner 1": 100, "y of corner 1": 10}.items():
        place.get_by_label(name).fill(str(value))
    with viewer.expect_response("**/summary"):
        for name, value in {"x of corner 2": 100, "y of corner 2": 140}.items():
            place.get_by_label(name).fill(str(value))
        place.get_by_label("y of corner 2").press("Tab")
    # Drawn downwards, and too short for the third.
    expect(place.locator("dd")).to_have_text(["0", "1"])

    # The keyboard moves a corner: the line gets longer by 40 pixels, and reaches the second.
    corner = viewer.get_by_role("button", name="Corner 2 of Door")
    corner.focus()
    for _ in range(4):
        viewer.keyboard.press("Shift+ArrowDown")
    expect(place.locator("dd")).to_have_text(["0", "2"])

    viewer.reload()
    viewer.get_by_role("tab", name="Places").click()
    expect(viewer.get_by_label("Name of the line")).to_have_value("Door")
    expect(place.locator("dd")).to_have_text(["0", "2"])
    place.get_by_role("button", name="Remove").click()
    expect(viewer.locator(".place")).to_have_count(0)


def test_a_zone_without_an_area_is_complained_of(
    viewer: Page, cinema: Console, walkers: Found
) -> None:
    open_job(viewer, cinema, walkers)
    viewer.get_by_role("tab", name="Places").click()
    viewer.get_by_role("button", name="zone", exact=True).click()
    expect(viewer.locator(".place dd").first).to_be_visible()

    viewer.get_by_label("Name of the zone").fill("")
    viewer.get_by_label("Name of the zone").press("Tab")

    expect(viewer.locator("place-list [role=alert]")).to_contain_text("needs a name")


def test_numbers_of_the_whole_picture(viewer: Page, cinema: Console, walkers: Found) -> None:
    open_job(viewer, cinema, walkers)

    viewer.get_by_role("tab", name="Numbers").click()

    expect(viewer.locator("count-chart .words")).to_contain_text("Up to 3 at once")
    expect(viewer.locator("heat-map:not([aria-busy])")).to_be_visible()
    most = float(viewer.locator("heat-map .most").inner_text().removesuffix(" s"))
    # Nobody stands; the slowest stays 1/48 of the width, 6.7 pixels, for 133 ms, and who
    # turns does so for about as long.
    assert 0.1 <= most <= 0.4


def test_people_are_counted_by_another_point_where_feet_are_cut_off(
    viewer: Page, cinema: Console, walkers: Found
) -> None:
    """The server's hint is played; the choice is kept, with what else the places say."""

    def add_hint(route: Route) -> None:
        answer = route.fetch()
        by = (route.request.post_data_json or {}).get("anchor", "foot")
        hint = {"hint": "Most feet are cut off."} if by == "foot" else {}
        route.fulfill(response=answer, json=answer.json() | hint)

    viewer.route("**/summary", add_hint)
    open_job(viewer, cinema, walkers)
    viewer.get_by_role("tab", name="Places").click()
    expect(viewer.locator("place-list .anchor")).to_be_hidden()
    viewer.get_by_role("button", name="line", exact=True).click()
    expect(viewer.get_by_text("Most feet are cut off.")).to_be_visible()

    def is_kept(request: Request) -> bool:
        return request.method == "PUT"

    with viewer.expect_request(is_kept) as sent:
        viewer.get_by_label("People are where their").select_option("middle")
    assert (sent.value.post_data_json or {})["anchor"] == "middle"
    expect(viewer.get_by_text("Most feet are cut off.")).to_be_hidden()

    viewer.reload()
    viewer.get_by_role("tab", name="Places").click()
    expect(viewer.get_by_label("People are where their")).to_have_value("middle")
    with viewer.expect_request(is_kept) as again:
        viewer.get_by_label("Name of the line").fill("Door")
        viewer.get_by_label("Name of the line").press("Tab")
    kept = again.value.post_data_json or {}
    assert kept["anchor"] == "middle"
    assert [line["name"] for line in kept["lines"]] == ["Door"]
