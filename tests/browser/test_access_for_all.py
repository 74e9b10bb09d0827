"""Whether everybody can use it: by keyboard, by screen reader, on a small screen."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from .conftest import Console, Guest, log_in

SMALL = ViewportSize(width=360, height=740)
PATHS = ["", "start", "start?bucket=cctv", "start?bucket=cctv&key=people.mp4", "nothing-here"]
LEAST_TARGET_PX = 24  # W3C, WCAG 2.2, 2.5.8

# What a control is called to those who do not see it.
WITHOUT_NAME = """() => [...document
    .querySelectorAll("a, button, input, select, progress, summary")]
  .filter((element) => element.type !== "hidden")
  .filter((element) => !(element.labels?.length || element.ariaLabel || element.innerText?.trim()
    || element.textContent.trim()))
  .map((element) => element.outerHTML)"""

SMALL_TARGETS = """(least) => [...document
    .querySelectorAll("button, .button, nav a, .entry, summary")]
  .filter((element) => element.checkVisibility() && !element.closest(".crumbs"))
  .map((element) => [element.textContent.trim(), element.getBoundingClientRect()])
  .filter(([, box]) => box.height < least || box.width < least)
  .map(([text]) => text)"""

SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 1500);
})"""


@pytest.fixture(params=PATHS)
def shown(request: pytest.FixtureRequest, outside: Page, stage: Console) -> Page:
    """Each page in turn."""
    log_in(outside, stage.url, stage.key_id, stage.secret)
    outside.goto(f"{stage.url}{request.param}")
    return outside


def test_structure(shown: Page) -> None:
    assert shown.locator("html").get_attribute("lang") == "en"
    expect(shown.get_by_role("main")).to_have_count(1)
    expect(shown.get_by_role("banner")).to_have_count(1)
    expect(shown.get_by_role("heading", level=1)).to_have_count(1)
    assert shown.title()
    assert shown.evaluate(WITHOUT_NAME) == []
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_on_a_small_screen(shown: Page) -> None:
    shown.set_viewport_size(SMALL)

    assert shown.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    assert shown.evaluate(SMALL_TARGETS, LEAST_TARGET_PX) == []


def test_nothing_jumps(shown: Page) -> None:
    assert shown.evaluate(SHIFT) < 0.01


def test_the_way_by_keyboard_alone(spectator: Guest, stage: Console) -> None:
    page, keyboard = spectator.page, spectator.page.keyboard
    page.goto(stage.url)
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Choose a video")).to_be_focused()
    follow(page)
    for name in ("cctv", "people.mp4"):
        tab_to(page, name)
        follow(page)
    tab_to(page, "Tag")
    keyboard.type("by-keyboard")
    follow(page)

    expect(spectator.row("by-keyboard")).to_be_visible()


def follow(page: Page) -> None:
    """Press Enter where that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus, and shows it."""
    focused = "[document.activeElement.labels?.[0]?.textContent, document.activeElement.innerText]"
    for _ in range(40):
        page.keyboard.press("Tab")
        if any((text or "").strip().startswith(name) for text in page.evaluate(focused)):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) == "solid"
            return
    raise AssertionError(f"{name} cannot be reached")


def test_nothing_moves_for_those_who_do_not_want_it(spectator: Guest) -> None:
    page = spectator.page
    durations = """() => [...document.querySelectorAll("*")].map((element) => {
      const style = getComputedStyle(element, "::before");
      return [style.animationName, getComputedStyle(element).transitionDuration];
    })"""
    page.emulate_media(reduced_motion="reduce")

    assert {tuple(pair) for pair in page.evaluate(durations)} == {("none", "0s")}
