import json
import subprocess
import sys

import numpy as np

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
