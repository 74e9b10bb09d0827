import csv
import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from tests.unit.analytics.footsteps import seen, walked

from passerby.analytics.places import places_of
from passerby.analytics.report.path_report import PathReport, compute_report
from passerby.analytics.report.pictures import Image, arrows, heat_layer
from passerby.analytics.report.report_files import write_report
from passerby.records import VideoInfo

VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 320, 240, 10_000, "LIMITED")
PLACES = places_of(
    {
        "zones": [{"name": "<till> & co", "points": [[100, 0], [200, 0], [200, 200], [100, 200]]}],
        "lines": [{"name": "door", "from": [150, 0], "to": [150, 240]}],
        "floor": {
            "pixels": [[0, 0], [320, 0], [320, 240], [0, 240]],
            "metres": [[0, 0], [3.2, 0], [3.2, 2.4], [0, 2.4]],
        },
    }
)
STEPS = [
    *walked((0, 50, 100), (4000, 250, 100), (6000, 250, 100)),
    *walked((1000, 120, 150), (5000, 120, 150), person=1),
]
STILL: Image = np.full((240, 320, 3), 90, np.uint8)


@pytest.fixture
def report() -> PathReport:
    return compute_report("street", seen(STEPS), VIDEO, PLACES)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Page(HTMLParser):
    """Checks that elements are closed in turn, and notes what is asked for from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_else(report: PathReport, tmp_path: Path) -> None:
    write_report(report, STILL, tmp_path)

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    beside = [address for address in page.addresses if not address.startswith("data:image/")]
    assert sorted(beside) == sorted(
        path.name for path in tmp_path.iterdir() if path.name != "report.html"
    )
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert "url(" not in text
    assert "@import" not in text


def test_names_are_shown_as_they_are(report: PathReport, tmp_path: Path) -> None:
    write_report(report, None, tmp_path)

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.words.count("<till> & co") >= 2
    assert "till" not in page.tags


def test_the_scene_is_a_picture_of_its_own(report: PathReport, tmp_path: Path) -> None:
    write_report(report, STILL, tmp_path)

    scene = ET.fromstring((tmp_path / "scene.svg").read_text("utf-8"))  # noqa: S314 - our own
    svg = "{http://www.w3.org/2000/svg}"
    assert (scene.tag, scene.get("viewBox")) == (f"{svg}svg", "0 0 320 240")
    assert [text.text for text in scene.iter(f"{svg}text")] == ["<till> & co", "door"]
    assert [text.get("text-anchor") for text in scene.iter(f"{svg}text")] == ["middle"] * 2
    images = [image.get("href", "").partition(",")[0] for image in scene.iter(f"{svg}image")]
    assert images == ["data:image/jpeg;base64", "data:image/png;base64"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+41 44", "'+41 44"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "' =1"),
        ("＝1+1", "'＝1+1"),  # noqa: RUF001
        ("till = 1", "till = 1"),
        ("'quoted", "'quoted"),
    ],
)
def test_names_are_no_formulas(tmp_path: Path, name: str, cell: str) -> None:
    corners = [[100, 0], [200, 0], [200, 200], [100, 200]]
    named = {
        "zones": [{"name": name, "points": corners}],
        "lines": [{"name": name, "from": [150, 0], "to": [150, 240]}],
    }
    write_report(compute_report("street", seen(STEPS), VIDEO, places_of(named)), None, tmp_path)

    assert {row["zone"] for row in rows(tmp_path / "zones.csv")} == {cell}
    assert {row["zone"] for row in rows(tmp_path / "stays.csv")} == {cell}
    assert {row["zone"] for row in rows(tmp_path / "dwell.csv")} == {cell}
    assert {row["line"] for row in rows(tmp_path / "lines.csv")} == {cell}
    assert {row["line"] for row in rows(tmp_path / "crossings.csv")} == {cell}


def test_the_page_hints_at_feet_that_are_cut_off(tmp_path: Path) -> None:
    below = walked((0, 50, 240), (4000, 250, 250))
    write_report(compute_report("street", seen(below), VIDEO, PLACES), None, tmp_path)

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The feet of 100% of all boxes are cut off" in page
    counts = json.loads((tmp_path / "counts.json").read_text(encoding="utf-8"))
    assert counts["hint"] in page.replace("&#34;", '"')


def test_numbers_below_zero_stay_numbers(tmp_path: Path) -> None:
    back = walked((0, 250, 100), (4000, 50, 100))
    write_report(compute_report("street", seen(back), VIDEO, PLACES), None, tmp_path)

    speeds = [row["right_px_s"] for row in rows(tmp_path / "flow.csv") if row["right_px_s"]]
    assert speeds
    assert all(float(speed) < 0 for speed in speeds)


def test_the_tables_say_what_the_counts_say(report: PathReport, tmp_path: Path) -> None:
    write_report(report, None, tmp_path)

    counts = json.loads((tmp_path / "counts.json").read_text(encoding="utf-8"))
    assert counts == report.summary
    (zone,) = rows(tmp_path / "zones.csv")
    assert (zone["zone"], zone["entries"], zone["appeared"]) == ("<till> & co", "1", "1")
    assert zone["anchor"] == "foot"
    assert [
        (stay["person"], stay["from_ms"], stay["to_ms"]) for stay in rows(tmp_path / "stays.csv")
    ] == [
        ("0", "1000", "3000"),
        ("1", "1000", "5000"),
    ]
    assert [
        (row["person"], row["stays"], row["seconds"]) for row in rows(tmp_path / "dwell.csv")
    ] == [
        ("0", "1", "2.0"),
        ("1", "1", "4.0"),
    ]
    (line,) = rows(tmp_path / "lines.csv")
    assert line == {"line": "door", "forward": "0", "backward": "1", "anchor": "foot"}
    (crossing,) = rows(tmp_path / "crossings.csv")
    assert (crossing["at_ms"], crossing["direction"]) == ("2000", "backward")
    persons = rows(tmp_path / "persons.csv")
    assert [row["seconds"] for row in persons] == ["6.0", "4.0"]
    assert [row["metres"] for row in persons] == ["2.0", "0.0"]


def test_all_time_is_in_each_table_of_it(report: PathReport, tmp_path: Path) -> None:
    write_report(report, None, tmp_path)

    heat = sum(float(row["seconds"]) for row in rows(tmp_path / "heat.csv"))
    flow = sum(float(row["seconds"]) for row in rows(tmp_path / "flow.csv"))
    occupancy = sum(float(row["mean"]) * 0.2 for row in rows(tmp_path / "occupancy.csv"))
    assert heat == flow == pytest.approx(10)
    assert occupancy == pytest.approx(10)


@pytest.mark.parametrize("name", ["heat.png", "flow.png"])
@pytest.mark.parametrize("still", [None, STILL])
def test_pictures_have_the_size_of_the_video(
    report: PathReport, tmp_path: Path, name: str, still: Image | None
) -> None:
    write_report(report, still, tmp_path)

    picture = cv2.imread(str(tmp_path / name))
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    # Nobody has been in the lower right corner.
    ground = [52, 46, 44] if still is None else [90, 90, 90]
    assert picture[-1, -1].tolist() == ground
    # One stood at 120, 150; the other walked by at 150, 100.
    assert (picture[150, 120] != ground).any() == (name == "heat.png")
    assert (picture[95:105, 140:160] != ground).any() == (name == "flow.png")


def test_a_still_of_another_size_is_fitted(report: PathReport, tmp_path: Path) -> None:
    write_report(report, np.full((480, 640, 3), 90, np.uint8), tmp_path)

    picture = cv2.imread(str(tmp_path / "heat.png"))
    assert picture is not None
    assert picture.shape == (240, 320, 3)


def test_the_same_report_gives_the_same_bytes(report: PathReport, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        write_report(report, STILL, folder)

    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == other


def test_nobody_gives_a_report_too(tmp_path: Path) -> None:
    write_report(compute_report("empty", seen([]), VIDEO, PLACES), None, tmp_path)

    assert Page((tmp_path / "report.html").read_text(encoding="utf-8")).open == []
    assert rows(tmp_path / "persons.csv") == []


def test_the_hottest_cell_hides_most() -> None:
    layer = heat_layer(np.array([[0.0, 1.0, 100.0]]))

    assert layer[0, :, 3].tolist() == [0, 43, 217]
    assert layer[0, 2, :3].sum() > layer[0, 1, :3].sum()


def test_arrows_lead_where_people_go(report: PathReport) -> None:
    drawn = arrows(report.flow, report.flow_grid)

    way = drawn[:, 2:] - drawn[:, :2]
    walking = np.abs(way).max(axis=1) > 0.01
    assert (way[walking, 0] > 0).all()
    assert np.abs(way[:, 1]).max() < 0.01
    assert np.linalg.norm(way, axis=1).max() <= 0.9 * report.flow_grid.side + 1e-9
