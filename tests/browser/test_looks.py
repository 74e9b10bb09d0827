"""How the pages look: pictures kept for people, and held against small ones from before.

The references are a quarter as wide and high, in shades of grey: letters drawn with another
font leave them much the same, a column in another place does not. A wanted change:
`PASSERBY_NEW_LOOKS=1 pytest tests/browser/test_looks.py`, then look at the pictures.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, ViewportSize

from .conftest import Console, log_in

REFERENCES = Path(__file__).with_name("looks")
ARTEFACTS = Path(os.environ.get("CI_ARTEFACTS", "demo")) / "console"
REDUCTION = 4
# Of 255, over a picture and over the worst block of it. Measured 2026-11-22: DejaVu Serif in
# place of Sans gives 1.9 and 29, a column wider by 3 % of the table 0.6 and 67, rows higher by
# 8 pixels 7 and 110, cards without their surface 2.2 and 10.
MEAN_LIMIT = 2.0
BLOCK_LIMIT = 40.0
BLOCK = 8  # pixels of the reduced picture

WIDE, SMALL = ViewportSize(width=1600, height=900), ViewportSize(width=360, height=740)
# Times of day, and what depends on how long something took.
CHANGING = "local-time, .key, [data-part=detail]"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
def test_looks(stage: Console, browser: Browser, size: ViewportSize, theme: str) -> None:
    context = browser.new_context(
        viewport=size,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    name = f"{theme}-{size['width']}"
    page = context.new_page()
    page.goto(stage.url)
    compare(page, f"login-{name}")
    log_in(page, stage.url, stage.key_id, stage.secret)
    compare(page, f"jobs-{name}")
    page.goto(f"{stage.url}start?bucket=cctv&key=people.mp4")
    compare(page, f"start-{name}")
    context.close()


def compare(page: Page, name: str) -> None:
    """Keep a picture of the page and hold it against the one from before."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
    page.screenshot(path=ARTEFACTS / f"{name}.png")
    plain = page.screenshot(mask=[page.locator(CHANGING)], mask_color="#808080")
    reduced = smaller(plain)
    reference = REFERENCES / f"{name}.png"
    if os.environ.get("PASSERBY_NEW_LOOKS"):
        REFERENCES.mkdir(exist_ok=True)
        cv2.imwrite(str(reference), reduced)
    before = cv2.imread(str(reference), cv2.IMREAD_GRAYSCALE)
    assert before is not None, f"there is no {reference.name}"
    assert before.shape == reduced.shape
    difference = np.abs(before.astype(float) - reduced)
    worst = cv2.blur(difference, (BLOCK, BLOCK)).max()
    assert difference.mean() <= MEAN_LIMIT, f"{name}: on average {difference.mean():.1f}"
    assert worst <= BLOCK_LIMIT, f"{name}: somewhere {worst:.1f}"


def smaller(picture: bytes) -> NDArray[np.uint8]:
    """(H / 4, W / 4) shades of grey of a PNG."""
    decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    height, width = decoded.shape
    size = (width // REDUCTION, height // REDUCTION)
    return cv2.resize(decoded, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
