import xml.etree.ElementTree as ET

import pytest
from benchmarks.stages import STAGES
from benchmarks.waterfall import StagedRun, draw_waterfall, stages_table

SVG = "{http://www.w3.org/2000/svg}"

STREET = {"detect": 10.0, "decode": 5.0, "faces": 0.5, "rest": 4.5}
SQUARE = {"detect": 4.0, "decode": 2.0, "faces": 2.0, "rest": -1.0}

Bar = tuple[str, float, float]  # kind, left edge, width


def bars(clips: dict[str, dict[str, float]]) -> list[Bar]:
    """All bars of the figure, panel by panel, from the top."""
    rectangles = ET.fromstring(draw_waterfall(clips)).findall(f"{SVG}rect")  # noqa: S314 - our own
    found = [
        (box.attrib["class"], float(box.attrib["x"]), float(box.attrib["width"]))
        for box in rectangles
        if box.attrib["class"] != "ground"
    ]
    assert rectangles[0].attrib["class"] == "ground"
    return found


def test_each_bar_begins_where_the_one_above_ends() -> None:
    first, *steps, whole = bars({"street": STREET})

    assert [kind for kind, _, _ in steps] == ["step"] * 3
    assert (first[0], whole[0]) == ("first", "whole")
    assert first[1] == whole[1]
    reached = first[1] + first[2]
    for _, left, width in steps:
        assert left == pytest.approx(reached, abs=0.15)
        reached = left + width
    assert whole[1] + whole[2] == pytest.approx(reached, abs=0.15)


def test_widths_are_in_proportion_over_all_clips() -> None:
    found = bars({"street": STREET, "square": SQUARE})
    street, square = found[:5], found[5:]

    pixels_a_ms = street[4][2] / 20
    assert [width / pixels_a_ms for _, _, width in street] == pytest.approx(
        [10, 5, 0.5, 4.5, 20], abs=0.1
    )
    assert [width / pixels_a_ms for _, _, width in square] == pytest.approx(
        [4, 2, 2, 1, 7], abs=0.1
    )
    assert square[0][1] > street[4][1] + street[4][2]


def test_a_rest_below_nothing_reaches_back() -> None:
    *_, faces, rest, whole = bars({"square": SQUARE})

    assert rest[1] + rest[2] == pytest.approx(faces[1] + faces[2], abs=0.15)
    assert rest[1] == pytest.approx(whole[1] + whole[2], abs=0.15)


def test_the_figures_and_names_are_written() -> None:
    drawing = ET.fromstring(draw_waterfall({"a<b & c": STREET}))  # noqa: S314 - our own
    texts = [text.text for text in drawing.iter(f"{SVG}text")]

    assert {"detect", "all", "10.0", "4.5", "20.0", "a<b & c"} <= set(texts)


def test_same_costs_same_bytes() -> None:
    clips = {"street": STREET, "square": SQUARE}

    assert draw_waterfall(clips) == draw_waterfall(dict(clips))
    assert "prefers-color-scheme: dark" in draw_waterfall(clips)


def test_the_rest_is_what_no_clock_covers() -> None:
    run = StagedRun(frames=10, cpu_s=2.0, costs={"detect": 1.0, "start": 0.75})

    assert list(run.ms_per_frame) == [*STAGES, "rest"]
    assert {stage: ms for stage, ms in run.ms_per_frame.items() if ms} == {
        "detect": 100,
        "start": 75,
        "rest": 25,
    }


def test_the_table_has_a_column_a_clip_and_ends_with_the_usual_run() -> None:
    street = StagedRun(frames=10, cpu_s=2.0, costs={"detect": 1.0})
    square = StagedRun(frames=100, cpu_s=4.0, costs={"detect": 3.0})

    lines = stages_table({"street": (street, 1.8), "square": (square, 4.4)}).splitlines()

    assert lines[0] == "| ms a frame | street | square |"
    assert lines[2] == "| detect | 100.0 | 30.0 |"
    assert lines[-3:] == [
        "| rest | 100.0 | 10.0 |",
        "| all | 200.0 | 40.0 |",
        "| a usual run | 180.0 | 44.0 |",
    ]
