import json
import subprocess
import sys

import numpy as np
import pytest

from passerby.analytics.places import places_of
from passerby.analytics.summary import summarise

from .footsteps import seen, walked

PLACES = {
    "zones": [{"name": "till", "points": [[100, 0], [200, 0], [200, 100], [100, 100]]}],
    "lines": [{"name": "door", "from": [150, 0], "to": [150, 100]}],
}
SHOPPERS = [
    # In after a second, over the line and back, out.
    *walked((0, 50, 50), (2000, 150.5, 50), (5000, 150.5, 50), (7000, 50, 50), person=3),
    # There from the beginning, in again later.
    *walked((0, 120, 50), (2000, 120, 50), (3000, 20, 50), (4000, 20, 50), person=0),
    *walked((5000, 120, 50), (6000, 120, 50), person=0),
]


def test_the_form_that_was_agreed_upon() -> None:
    found = summarise(seen(SHOPPERS), places_of(PLACES))

    assert found == {
        "zones": [
            {
                "name": "till",
                "anchor": "foot",
                "entries": 2,
                "exits": 2,
                "appeared": 1,
                "vanished": 1,
                "persons": 2,
                "most_at_once": 2,
                # 2.2 s and 1.2 s of one, 5.01 s of the other.
                "mean_dwell_s": 4.205,
                "stays": [
                    {"person": 0, "from_ms": 0, "to_ms": 2200, "entered": False, "left": True},
                    {"person": 3, "from_ms": 995, "to_ms": 6005, "entered": True, "left": True},
                    {"person": 0, "from_ms": 4800, "to_ms": 6000, "entered": True, "left": False},
                ],
            }
        ],
        "lines": [
            {
                "name": "door",
                "anchor": "foot",
                "forward": 1,
                "backward": 1,
                "crossings": [
                    # The line leads down: to the right is forward's other side.
                    {"person": 3, "at_ms": 1990, "direction": "backward"},
                    {"person": 3, "at_ms": 5010, "direction": "forward"},
                ],
            }
        ],
    }
    assert json.loads(json.dumps(found)) == found


def test_nobody() -> None:
    found = summarise(seen([]), places_of(PLACES))

    assert found["zones"][0]["stays"] == []
    assert found["zones"][0]["mean_dwell_s"] == 0
    assert found["zones"][0]["most_at_once"] == 0
    assert found["lines"][0]["crossings"] == []


def test_no_places() -> None:
    assert summarise(seen(SHOPPERS), places_of({})) == {"zones": [], "lines": []}


def test_the_time_that_counts_can_be_set() -> None:
    found = summarise(seen(SHOPPERS), places_of(PLACES | {"hold_s": 2.0}))

    assert [stay["person"] for stay in found["zones"][0]["stays"]] == [0, 3]


def test_with_a_floor_it_tells_metres() -> None:
    square = [[0, 0], [100, 0], [100, 100], [0, 100]]
    floor = {"pixels": square, "metres": (np.array(square) / 50).tolist()}

    found = summarise(
        seen([*walked((0, 0, 0), (2000, 100, 0)), *walked((0, 0, 0), (100, 1, 0), person=1)]),
        places_of({"floor": floor}),
    )

    assert found["walks"] == [
        {"person": 0, "metres": 2.0, "seconds": 2.0, "mean_speed": 1.0, "top_speed": 1.0},
        {"person": 1, "metres": 0.02, "seconds": 0.1, "mean_speed": None, "top_speed": None},
    ]


def test_feet_beyond_the_frame_stand_at_its_border() -> None:
    corners = {
        "upper left": [(-30, -5), (-1, 0)],
        "lower right": [(320, 240), (400, 260)],
        "lower left": [(0, 240), (-9, 900)],
    }
    whole = {"name": "frame", "points": [[0, 0], [320, 0], [320, 240], [0, 240]]}
    for number, (start, end) in enumerate(corners.values()):
        steps = walked((0, *start), (1000, *end), person=number)

        beyond, within = (
            summarise(seen(steps), places_of({"zones": [whole]}), frame)["zones"][0]["persons"]
            for frame in (None, (320, 240))
        )

        assert (beyond, within) == (0, 1)


# A picture of 320 x 240, and boxes of 20 x 40: a zone for each part of a box.
STRIPES = {"head": (150, 170), "middle": (170, 190), "foot": (190, 210)}


def stripe(name: str, top: float, bottom: float, **anchor: str) -> dict[str, object]:
    corners = [[0, top], [320, top], [320, bottom], [0, bottom]]
    return {"name": name, "points": corners, **anchor}


@pytest.mark.parametrize("anchor", ["foot", "middle", "head"])
def test_who_is_where_the_anchor_is(anchor: str) -> None:
    """A person from 160 to 200, whose middle is at 180."""
    stripes = [stripe(name, *rows) for name, rows in STRIPES.items()]
    lines = [
        {"name": name, "from": [150, top], "to": [150, bottom]}
        for name, (top, bottom) in STRIPES.items()
    ]
    steps = walked((0, 100, 200), (4000, 300, 200))

    found = summarise(
        seen(steps), places_of({"anchor": anchor, "zones": stripes, "lines": lines}), (320, 240)
    )

    assert {zone["name"]: zone["persons"] for zone in found["zones"]} == {
        name: int(name == anchor) for name in STRIPES
    }
    assert {line["name"]: line["forward"] + line["backward"] for line in found["lines"]} == {
        name: int(name == anchor) for name in STRIPES
    }
    assert {zone["anchor"] for zone in found["zones"]} == {anchor}
    assert {line["anchor"] for line in found["lines"]} == {anchor}


def test_a_zone_and_a_line_have_anchors_of_their_own() -> None:
    places = {
        "anchor": "middle",
        "zones": [stripe("a", 190, 210, anchor="foot"), stripe("b", 170, 190)],
        "lines": [{"name": "c", "from": [150, 150], "to": [150, 170], "anchor": "head"}],
    }

    found = summarise(seen(walked((0, 100, 200), (4000, 300, 200))), places_of(places), (320, 240))

    assert [(zone["anchor"], zone["persons"]) for zone in found["zones"]] == [
        ("foot", 1),
        ("middle", 1),
    ]
    assert (found["lines"][0]["anchor"], found["lines"][0]["backward"]) == ("head", 1)


# Seen down to the chest, at the picture's last rows: boxes end at 239, 240 and beyond.
AT_A_TILL = [
    *walked((0, 100, 239), (4000, 100, 239), person=0),
    *walked((0, 160, 240), (4000, 160, 240), person=1),
    *walked((0, 220, 250), (4000, 220, 250), person=2),
]
DESK = stripe("desk", 190, 235)


@pytest.mark.parametrize(
    ("anchor", "persons", "used"),
    [
        pytest.param("foot", 0, "foot", id="the feet lie below"),
        pytest.param("auto", 3, "middle", id="auto takes the middle"),
        pytest.param("middle", 3, "middle", id="so does the middle"),
    ],
)
def test_people_whose_feet_are_cut_off(anchor: str, persons: int, used: str) -> None:
    found = summarise(seen(AT_A_TILL), places_of({"anchor": anchor, "zones": [DESK]}), (320, 240))

    (zone,) = found["zones"]
    assert (zone["persons"], zone["anchor"]) == (persons, used)
    assert ("anchor" in found.get("hint", "")) == (anchor == "foot")
    if anchor == "foot":
        assert found["hint"].startswith("The feet of 100% of all boxes are cut off")


def test_auto_decides_for_each_presence_and_does_not_jump() -> None:
    """One walks out below, feet first; another is cut off for most of the time."""
    steps = [
        *walked((0, 50, 100), (1000, 50, 170), (2000, 50, 210), (3000, 50, 245), person=0),
        *walked((0, 200, 210), (1000, 200, 245), (2000, 200, 245), (3000, 200, 245), person=1),
    ]
    zones = [stripe("by the foot", 140, 205), stripe("by the middle", 215, 230)]

    found = summarise(
        seen(steps), places_of({"zones": zones, "anchor": "auto", "hold_s": 0}), (320, 240)
    )

    by_foot, by_middle = found["zones"]
    # Person 1's middle is at 190 at first, at 225 from 1 s on: at 205 at 0.43 s, 215 at 0.71 s.
    # Person 0's foot is at 140 at 0.57 s, at 205 at 1.88 s; it passes 215 to 230 from 2.17 s to
    # 2.69 s, and ends at 239, on the last row.
    assert [
        [(stay["person"], stay["from_ms"], stay["to_ms"]) for stay in zone["stays"]]
        for zone in (by_foot, by_middle)
    ] == [[(1, 0, 429), (0, 571, 1875)], [(1, 714, 3000), (0, 2172, 2690)]]
    assert by_foot["anchor"] == "foot, middle"


@pytest.mark.parametrize("anchor", ["foot", "auto"])
def test_nobody_has_no_hint(anchor: str) -> None:
    found = summarise(seen([]), places_of({"zones": [DESK], "anchor": anchor}), (320, 240))

    assert found["zones"][0]["anchor"] == "foot"
    assert "hint" not in found


def test_few_feet_on_the_last_rows_are_no_hint() -> None:
    steps = [*walked((0, 100, 239), (1000, 100, 239)), *walked((0, 9, 100), (500, 9, 90), person=1)]

    assert "hint" not in summarise(seen(steps), places_of({"zones": [DESK]}), (320, 240))


def test_the_order_of_the_rows_does_not_matter() -> None:
    sightings = seen(SHOPPERS)
    shuffled = sightings.take(np.random.default_rng(1).permutation(len(sightings)))

    assert summarise(shuffled, places_of(PLACES)) == summarise(sightings, places_of(PLACES))


def test_the_server_need_not_load_more_than_arrays_for_it() -> None:
    modules = ", ".join(f"passerby.analytics.{name}" for name in ("heat", "occupancy", "places"))
    program = f"import {modules}, passerby.analytics.summary, sys; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()

    roots = {name.partition(".")[0] for name in loaded}
    assert not roots & {"cv2", "av", "scipy", "pyarrow", "sqlalchemy", "onnxruntime", "openvino"}
