"""Whether what is shown can be read: contrast, from the tokens and from the rendered pages.

Source: W3C, "Web Content Accessibility Guidelines 2.2": relative luminance, contrast ratio,
success criteria 1.4.3 (text, 4.5) and 1.4.11 (controls, 3).
"""

import re
from importlib.resources import files
from itertools import product

import pytest

from .conftest import Console, Guest, log_in

TEXT, CONTROL = 4.5, 3.0

TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")

PAIRS = [
    *product(["ink", "ink-soft", "accent"], ["page", "surface", "hover"], [TEXT]),
    ("ink-soft", "sunken", TEXT),
    ("ink", "accent-soft", TEXT),
    ("accent", "accent-soft", TEXT),
    ("accent-strong", "surface", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    *[(name, back, TEXT) for name in ("good", "bad", "warn") for back in ("surface", "hover")],
    *[(name, f"{name}-soft", TEXT) for name in ("good", "bad", "warn")],
    ("surface", "bad", TEXT),
    *product(["control", "accent"], ["page", "surface"], [CONTROL]),
]

# Each text with its colour and the first opaque colour behind it.
READ_COLOURS = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) === 1) return colour.slice(0, 3);
    }
    return rgba(getComputedStyle(document.documentElement).backgroundColor).slice(0, 3);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && element.checkVisibility()) {
      const colour = rgba(getComputedStyle(element).color).slice(0, 3);
      found.push([walker.currentNode.data.trim(), colour, behind(element)]);
    }
  }
  return found;
}"""


def luminance(rgb: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: list[float], second: list[float]) -> float:
    """Ratio of two colours, each red, green and blue in [0, 255]."""
    bright, dark = sorted(luminance([c / 255 for c in rgb]) for rgb in (first, second))[::-1]
    return (bright + 0.05) / (dark + 0.05)


def of_hexadecimal(text: str) -> list[float]:
    return [int(text[i : i + 2], 16) for i in (1, 3, 5)]


def test_the_measure() -> None:
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)
    assert contrast([119, 119, 119], [255, 255, 255]) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_tokens(theme: int) -> None:
    stylesheet = files("passerby.console").joinpath("static/console.css").read_text()
    tokens = {name: pair[theme] for name, *pair in TOKEN.findall(stylesheet)}

    for front, back, least in PAIRS:
        ratio = contrast(of_hexadecimal(tokens[front]), of_hexadecimal(tokens[back]))
        assert ratio >= least, f"{front} on {back}: {ratio:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_rendered_pages(spectator: Guest, stage: Console, theme: str) -> None:
    page = spectator.page
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.context.clear_cookies()
    page.goto(stage.url)
    read = page.evaluate(READ_COLOURS)
    log_in(page, stage.url, stage.key_id, stage.secret)
    for path in ("", "start", "start?bucket=cctv&key=people.mp4", "start?bucket=none"):
        page.goto(f"{stage.url}{path}")
        read += page.evaluate(READ_COLOURS)

    assert len(read) > 60
    for text, front, back in read:
        assert contrast(front, back) >= TEXT, f"{text}: {front} on {back}"
