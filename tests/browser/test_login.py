"""Who gets in, and who stays in."""

from playwright.sync_api import Page, expect

from .conftest import Console


def test_the_way_in_and_out(page: Page, console: Console) -> None:
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    page.goto(console.url)

    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
