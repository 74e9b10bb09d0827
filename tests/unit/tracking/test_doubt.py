from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from passerby.pathing.link import link, link_oblong
from passerby.records import Observations
from passerby.testing import Seen, face_of, observations, together, walk
from passerby.tracking.doubt import Doubt, doubtful_persons

WIDTH, HEIGHT = 640, 360
SECONDS, RATE = 10, 10
COUNT = SECONDS * RATE
# Of a still picture, boxes jitter by a thousandth or two of their height.
JITTER = np.random.default_rng(0).normal(0, 0.002, (COUNT, 3)) * 100

Course = Callable[[int], tuple[float, float, float]]


def path(course: Course) -> list[Seen]:
    """Somebody of height 100 who is moved from (200, 150) by what `course` says of a frame."""
    middle = np.array([200.0, 150.0, 100.0])
    places = [middle + course(step) + JITTER[step] for step in range(COUNT)]
    return [tuple(place.tolist()) for place in places]


def doubts(seen: Observations) -> dict[int, Doubt]:
    return dict(doubtful_persons(seen, link(seen, WIDTH, HEIGHT)))


def at_rest(_: int) -> tuple[float, float, float]:
    return 0, 0, 0


def swaying(step: int) -> tuple[float, float, float]:
    return 5 * np.sin(step / 15), 0, 0


def test_a_picture_is_doubtful_and_who_walks_or_sways_is_not() -> None:
    still, stands = path(at_rest), [(x + 250, y, h) for x, y, h in path(swaying)]

    assert doubts(observations(together(walk(50, 4, COUNT, y=300), still, stands))) == {
        1: Doubt.MOTIONLESS
    }


def test_a_picture_that_a_moving_camera_films_is_doubtful() -> None:
    pan = 0.8  # pixels a frame, to the right
    moves = np.tile(np.array([[1, 0, -pan], [0, 1, 0]], np.float32), (COUNT, 1, 1))
    still = [(x - pan * step, y, h) for step, (x, y, h) in enumerate(path(at_rest))]

    assert doubts(observations([[box] for box in still], camera_motion=moves)) == {
        0: Doubt.MOTIONLESS
    }


def test_somebody_seen_for_a_moment_only_is_not_doubted() -> None:
    moment = [[box] for box in path(at_rest)[: 4 * RATE]]

    assert doubts(observations(moment + [[]] * (COUNT - len(moment)))) == {}


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param(3.0, {0: Doubt.MOTIONLESS}, id="a printed face"),
        pytest.param(25.0, {}, id="a head that turns"),
    ],
)
def test_a_still_body_with_a_face(turn: float, expected: dict[int, Doubt]) -> None:
    body = path(at_rest)
    seen = observations([[box] for box in body], faces=[[face_of(box)] for box in body])
    seen.faces.pose[:, 1] = turn / 2 * np.sin(np.arange(COUNT) / 10)

    assert doubts(seen) == expected


def weakly(confidence: float) -> Observations:
    boxes = [[box] for box in walk(50, 4, COUNT)]
    return observations(boxes, confidence=[[confidence]] * COUNT)


@pytest.mark.parametrize(("seen_at", "expected"), [(0.5, {0: Doubt.WEAK}), (0.6, {})])
def test_whom_no_detection_shows_well(seen_at: float, expected: dict[int, Doubt]) -> None:
    assert doubts(weakly(seen_at)) == expected


def test_what_counts_as_well_follows_the_confidence_asked_for() -> None:
    lower = 0.4  # then 0.5 counts as 0.6

    found = link_oblong(weakly(0.5), (WIDTH, HEIGHT), 1.0, confidence=lower)

    assert found.doubts == {}


def test_strict_leaves_the_doubtful_out_and_counts_the_others_anew() -> None:
    seen = observations(together(walk(50, 4, COUNT, y=300), path(at_rest)))
    everybody = link_oblong(seen, (WIDTH, HEIGHT), 1.0)

    sure = link_oblong(seen, (WIDTH, HEIGHT), 1.0, strict=True)

    assert everybody.doubts == sure.doubts == {1: Doubt.MOTIONLESS}
    assert np.unique(everybody.sightings.person_index).tolist() == [0, 1]
    assert np.unique(sure.sightings.person_index).tolist() == [0]
    assert sure.sightings.xyxy[:, 1].min() > 200  # of the one who walks


def test_a_still_person_before_and_after_a_cut() -> None:
    cut = np.tile(np.eye(2, 3, dtype=np.float32), (COUNT, 1, 1))
    cut[COUNT // 2 - 1] = 0
    seen = observations([[box] for box in path(at_rest)], camera_motion=cut)
    found = link(seen, WIDTH, HEIGHT)
    one = replace(found, person_index=np.zeros_like(found.person_index))

    assert doubtful_persons(seen, one) == {0: Doubt.MOTIONLESS}


def test_nobody_is_doubtful_where_nobody_was_found() -> None:
    frames: Sequence[Sequence[Seen]] = [[]] * 3

    assert doubts(observations(frames)) == {}
