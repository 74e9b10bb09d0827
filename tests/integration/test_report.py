import csv
import json
from pathlib import Path

import pytest

from passerby.results.tables import read_table

from .conftest import SAMPLE, done, run

PLACES = """
hold_s = 0
absence_s = 3600

[[zones]]
name = "all of it"
points = [[0, 0], [768, 0], [768, 576], [0, 576]]

[[lines]]
name = "middle"
from = [384, 0]
to = [384, 576]
"""


@pytest.fixture
def places(tmp_path: Path) -> Path:
    path = tmp_path / "places.toml"
    path.write_text(PLACES, encoding="utf-8")
    return path


def test_a_report_on_a_tracked_video(tracked: Path, places: Path, tmp_path: Path) -> None:
    table = tracked / "people-walking.parquet"
    out = tmp_path / "new" / "report"

    told = done("report", table, "--places", places, "--video", SAMPLE, "--out", out)

    assert told.strip() == str(out / "report.html")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" in page
    counts = json.loads((out / "counts.json").read_text(encoding="utf-8"))
    sightings = read_table(table)
    bodies = sightings.take(sightings.has_body)
    (zone,) = counts["zones"]
    persons = set(bodies.person_index.tolist())
    assert len(persons) > 5
    assert {stay["person"] for stay in zone["stays"]} == persons
    assert (zone["entries"], zone["exits"]) == (0, 0)
    # Who ends on another side than they began on has crossed the middle once more that way.
    (line,) = counts["lines"]
    moved = 0
    for person in persons:
        own = bodies.xyxy[bodies.person_index == person]
        on_left = (own[[0, -1], 0] + own[[0, -1], 2]) / 2 < 384
        moved += int(on_left[1]) - int(on_left[0])
    assert line["forward"] - line["backward"] == moved
    assert line["forward"] + line["backward"] > 3
    with (out / "persons.csv").open(encoding="utf-8", newline="") as file:
        assert [int(row["person"]) for row in csv.DictReader(file)] == sorted(persons)


def test_without_places_and_without_the_video(tracked: Path, tmp_path: Path) -> None:
    done("report", tracked / "people-walking.parquet", "--out", tmp_path)

    assert "data:image/jpeg" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "counts.json").read_bytes()) == {"zones": [], "lines": []}


def test_ratios_are_taken_for_what_they_mostly_are(tracked: Path, tmp_path: Path) -> None:
    places = tmp_path / "places.json"
    line = {"name": "door", "from": [0.2, 0.1], "to": [0.2, 0.9]}
    places.write_text(json.dumps({"lines": [line]}), encoding="utf-8")

    ended = run("report", tracked / "people-walking.parquet", "--places", places, "--out", tmp_path)

    assert ended.returncode == 0
    assert "door lies outside of the picture of 768 x 576 pixels" in ended.stderr


@pytest.mark.parametrize(
    ("result", "places", "message"),
    [
        pytest.param("none.parquet", None, "none.parquet", id="no such result"),
        pytest.param("none.parquet", "[[zones]]", "zone 1 needs a name", id="places first"),
        pytest.param("none.parquet", "hold = 3", "'hold' is not one of", id="unknown name"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_line(
    tmp_path: Path, result: str, places: str | None, message: str
) -> None:
    asked: list[object] = ["report", tmp_path / result, "--out", tmp_path / "out"]
    if places is not None:
        (tmp_path / "places.toml").write_text(places, encoding="utf-8")
        asked += ["--places", tmp_path / "places.toml"]

    ended = run(*asked)

    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()
