"""What scripts and Python must both know is the same in both."""

import re
from importlib.resources import files

from passerby.films import palette, placement
from passerby.results import timelines


def script(name: str) -> str:
    return files("passerby.console").joinpath("static", name).read_text(encoding="utf-8")


def constant(name: str, text: str) -> float:
    found = re.search(rf"const {name} = ([0-9.]+);", text)
    assert found, name
    return float(found[1])


def test_colours() -> None:
    rows = re.findall(r"^  \[(\d+), (\d+), (\d+)\],$", script("palette.js"), re.MULTILINE)

    colours = [(int(blue), int(green), int(red)) for red, green, blue in rows]

    assert colours == list(palette.COLOURS)


def test_rules_of_placement() -> None:
    text = script("placement.js")

    assert constant("JOINED_MS", text) == placement.JOINED_MS == timelines.JOINED_MS
    assert (
        constant("FACES_JOINED_MS", text) == placement.FACES_JOINED_MS == timelines.FACES_JOINED_MS
    )
    assert constant("TRAIL_MS", text) == placement.TRAIL_MS
