import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passerby.analytics import places as module
from passerby.analytics.places import ABSENCE_MS, HOLD_MS, Places, places_from_file, places_of
from passerby.errors import PlacesError

TILL = {"name": "till", "points": [[0, 0], [10, 0], [10, 10.5]]}
DOOR = {"name": "door", "from": [1, 2], "to": [3, 4]}
SQUARE = [[0, 0], [9, 0], [9, 6], [0, 6]]


def test_all_that_can_be_said() -> None:
    found = places_of(
        {
            "zones": [TILL],
            "lines": [DOOR],
            "floor": {"pixels": SQUARE, "metres": SQUARE},
            "hold_s": 1.5,
            "absence_s": 2,
        }
    )

    assert [zone.name for zone in found.zones] == ["till"]
    np.testing.assert_array_equal(found.zones[0].points, TILL["points"])
    assert [line.name for line in found.lines] == ["door"]
    np.testing.assert_array_equal(found.lines[0].ends, [[1, 2], [3, 4]])
    assert found.floor is not None
    np.testing.assert_allclose(found.floor.to_metres(np.array([[3.0, 2]])), [[3, 2]])
    assert (found.hold_ms, found.absence_ms) == (1500, 2000)


def test_anchors() -> None:
    found = places_of({"anchor": "auto", "zones": [TILL], "lines": [DOOR | {"anchor": "head"}]})

    assert (found.anchor, found.zones[0].anchor, found.lines[0].anchor) == ("auto", "auto", "head")
    assert places_of({"zones": [TILL]}).zones[0].anchor == "foot"


@pytest.mark.parametrize(
    "given",
    [
        {"anchor": "knee"},
        {"anchor": 1},
        {"anchor": None},
        {"anchor": ["foot"]},
        {"zones": [TILL | {"anchor": "Foot"}]},
        {"lines": [DOOR | {"anchor": ""}]},
    ],
)
def test_an_unknown_anchor_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(PlacesError, match="anchor must be one of foot, middle, head, auto"):
        places_of(given)


def test_nothing_need_be_said() -> None:
    assert places_of({}) == Places((), (), None, HOLD_MS, ABSENCE_MS)


def test_an_absence_shorter_than_counts_is_none() -> None:
    assert places_of({"hold_s": 9}).joined_ms == 9000
    assert places_of({}).joined_ms == 4000


GUIDE = Path(__file__).parents[3] / "docs" / "reports.md"
EXAMPLES = {
    "module": (module.__doc__ or "").partition("upright frame:")[2],
    "guide": GUIDE.read_text("utf-8").partition("```toml")[2].partition("```")[0],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_form_of_the_documentation_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "places.toml"
    path.write_text(EXAMPLES[name], encoding="utf-8")

    found = places_from_file(path)

    assert found.zones
    assert found.lines
    assert found.floor is not None
    assert (found.hold_ms, found.absence_ms) == (HOLD_MS, ABSENCE_MS)


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"lines": [DOOR]}), encoding="utf-8")
    toml = '\ufeff[[lines]]\nname = "door"\nfrom = [1, 2]\nto = [3, 4]\n'
    (tmp_path / "a.toml").write_text(toml, encoding="utf-8")

    one, other = (places_from_file(tmp_path / name) for name in ("a.json", "a.toml"))

    np.testing.assert_array_equal(one.lines[0].ends, other.lines[0].ends)
    assert one.lines[0].name == other.lines[0].name


def zone(**changed: object) -> dict[str, Any]:
    return {"zones": [TILL | changed]}


def line(**changed: object) -> dict[str, Any]:
    return {"lines": [DOOR | changed]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param([], "table", id="no table"),
        pytest.param({"zone": []}, "'zone' is not one of", id="unknown name"),
        pytest.param({"zones": {}}, "zones must be a list", id="no list"),
        pytest.param({"zones": [TILL] * 101}, "at most 100", id="too many"),
        pytest.param({"zones": [3]}, "zone 1 must be a table", id="zone of no form"),
        pytest.param(zone(colour="red"), "zone 1: 'colour'", id="unknown part of a zone"),
        pytest.param(zone(name=" "), "zone 1 needs a name", id="blank name"),
        pytest.param(zone(name="x" * 101), "zone 1 needs a name", id="long name"),
        pytest.param(zone(name=7), "zone 1 needs a name", id="name that is none"),
        pytest.param({"zones": [TILL, TILL]}, "more than one zone 'till'", id="name twice"),
        pytest.param({"lines": [DOOR, DOOR]}, "more than one line 'door'", id="line twice"),
        pytest.param(zone(points=[[0, 0], [1, 1]]), "3 to 200 points", id="two corners"),
        pytest.param(zone(points=[[0, 0]] * 201), "3 to 200 points", id="too many corners"),
        pytest.param(zone(points=None), "3 to 200 points", id="no corners"),
        pytest.param(zone(points=[[0, 0], [1, 1], [3, 3]]), "on a line", id="no area"),
        pytest.param(zone(points=[[1, 1]] * 3), "on a line", id="one place"),
        pytest.param(zone(points=[[0, 0], [1, 1], [3]]), "not a point", id="half a point"),
        pytest.param(zone(points=[[0, 0], [1, 1], "ab"]), "not a point", id="word for a point"),
        pytest.param(zone(points=[[0, 0], [1, 1], [3, "4"]]), "two numbers", id="word in a point"),
        pytest.param(
            zone(points=[[0, 0], [1, 1], [3, True]]), "two numbers", id="truth in a point"
        ),
        pytest.param(zone(points=[[0, 0], [1, 1], [3, math.nan]]), "two numbers", id="no number"),
        pytest.param(zone(points=[[0, 0], [1, 1], [3, math.inf]]), "two numbers", id="endless"),
        pytest.param(zone(points=[[0, 0], [1, 1], [3, 10**400]]), "two numbers", id="far too far"),
        pytest.param(line(to=[1, 2]), "the same point", id="line without length"),
        pytest.param(line(to=None), "'door': from and to", id="line without end"),
        pytest.param({"hold_s": -1}, "hold_s must be seconds", id="less than no time"),
        pytest.param({"hold_s": math.nan}, "hold_s must be seconds", id="no time"),
        pytest.param({"hold_s": True}, "hold_s must be seconds", id="truth for a time"),
        pytest.param({"absence_s": "4"}, "absence_s must be seconds", id="word for a time"),
        pytest.param({"absence_s": 10**400}, "absence_s must be seconds", id="for ever"),
        pytest.param({"floor": {"pixels": SQUARE}}, "floor: metres: 4", id="half a floor"),
        pytest.param(
            {"floor": {"pixels": SQUARE, "metres": SQUARE[:3]}},
            "floor: metres: 4",
            id="three points",
        ),
    ],
)
def test_what_makes_no_sense_is_named(given: object, message: str) -> None:
    with pytest.raises(PlacesError, match=message):
        places_of(given)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.toml", b"zones = [", id="no TOML"),
        pytest.param("a.json", b"{", id="no JSON"),
        pytest.param("a.json", b"[" * 100_000, id="JSON too deep"),
        pytest.param("a.toml", b"\xff", id="no text"),
        pytest.param("a.toml", b"zone = 1", id="unknown name"),
        pytest.param("none.toml", None, id="no file"),
    ],
)
def test_the_message_names_the_file(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(PlacesError, match=name):
        places_from_file(tmp_path / name)
