from dataclasses import replace

import numpy as np
import pytest

from passerby.testing import Seen, observations, walk
from passerby.tracking.smoothing import Course, Floats, fit_course, whittaker_smooth
from passerby.tracking.stabilisation import stabilise


def course_of(path: list[Seen | None], timestamps_ms: list[int] | None = None) -> Course:
    """Course of the only person in a scene, None where they are not seen."""
    frames = [[seen] if seen else [] for seen in path]
    view = stabilise(observations(frames, timestamps_ms=timestamps_ms))
    return fit_course(view, np.arange(len(view.cxcywh)))


def random_walk(seed: int, count: int) -> tuple[Floats, Floats, Floats]:
    """Irregular times, boxes that jitter, weights of which some are 0."""
    random = np.random.default_rng(seed)
    seconds = np.cumsum(random.uniform(0.01, 0.4, count))
    boxes = random.normal(0, 10, (count, 4)) + seconds[:, None] * [30, -4, 0, 2] + [0, 90, 40, 100]
    weight = random.uniform(0.05, 1, count)
    weight[1:-1][random.random(count - 2) < 0.4] = 0
    return seconds, boxes, weight


def dense_solution(seconds: Floats, values: Floats, weight: Floats, stiffness: float) -> Floats:
    """Least squares over the rows √w (x - y) and √(s³ / step) √(bend² over its time)."""
    steps = np.diff(seconds)
    slopes = np.diff(np.eye(len(seconds)), axis=0) / steps[:, None]
    time_around = (steps[:-1] + steps[1:]) / 2
    bends = np.diff(slopes, axis=0) / np.sqrt(time_around)[:, None]
    rows = np.vstack([np.diag(np.sqrt(weight)), np.sqrt(stiffness**3 / np.median(steps)) * bends])
    target = np.vstack([np.sqrt(weight)[:, None] * values, np.zeros((len(bends), 4))])
    solution: Floats = np.linalg.lstsq(rows, target, rcond=None)[0]
    return solution


@pytest.mark.parametrize("count", [3, 4, 5, 40])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("stiffness", [0.05, 0.5])
def test_equals_dense_least_squares(stiffness: float, seed: int, count: int) -> None:
    seconds, boxes, weight = random_walk(seed, count)

    smooth = whittaker_smooth(seconds, boxes, weight, stiffness)

    judge = dense_solution(seconds, boxes, weight, stiffness)
    np.testing.assert_allclose(smooth, judge, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_points_to_bend_stay_as_they_are(count: int) -> None:
    boxes = np.arange(4.0 * count).reshape(count, 4)

    assert (
        whittaker_smooth(np.arange(count) / 10, boxes, np.ones(count), 0.1).tolist()
        == boxes.tolist()
    )


def test_one_detection_is_a_course() -> None:
    course = course_of([None, (100, 80, 50), None])

    assert course.first_frame == 1
    assert course.cxcywh == pytest.approx(np.array([[100, 80, 20, 50]]))


def test_a_straight_walk_stays_as_it_is() -> None:
    times_ms = [0, 33, 67, 200, 240, 500, 533]
    path = [(100 + 0.2 * time_ms, 100 - 0.05 * time_ms, 80 + 0.1 * time_ms) for time_ms in times_ms]

    course = course_of(list(path), times_ms)

    np.testing.assert_allclose(course.cxcywh[:, [0, 1, 3]], path, atol=1e-3)


@pytest.mark.parametrize("unseen", [[5], [3, 4, 5, 6], [1, 2, 4, 7, 8, 9, 10]])
def test_gaps_are_filled_on_the_line(unseen: list[int]) -> None:
    path = walk(100, 12, 12, height=90)
    seen = [None if number in unseen else place for number, place in enumerate(path)]

    course = course_of(seen)

    np.testing.assert_allclose(course.cxcywh[:, [0, 1, 3]], path, atol=1e-3)


def test_the_course_is_the_same_seen_backwards() -> None:
    # Whoever starts, turns and stops: a filter would lag behind, and so lean
    # the other way when time is turned round.
    random = np.random.default_rng(0)
    places = np.cumsum([0.0] * 5 + [9.0] * 10 + [-9.0] * 10 + [0.0] * 5) + random.normal(0, 2, 30)
    path: list[Seen | None] = [(float(x), 100.0, 100.0) for x in places]
    path[12] = path[20] = None

    forward, backward = course_of(path), course_of(path[::-1])

    np.testing.assert_allclose(forward.cxcywh, backward.cxcywh[::-1], atol=1e-6)


def test_jitter_is_smoothed_away() -> None:
    random = np.random.default_rng(1)
    truth = np.array(walk(100, 5, 100))
    noisy = truth + random.normal(0, 4, truth.shape)

    course = course_of([(float(x), float(y), float(height)) for x, y, height in noisy])

    error = course.cxcywh[:, [0, 1, 3]] - truth
    assert (error.std(axis=0) < 0.9 * (noisy - truth).std(axis=0)).all()


def test_a_weak_detection_has_little_pull() -> None:
    path = walk(100, 6, 21)
    path[10] = (160, 75, 50)  # the upper half of a person behind a car
    view = stabilise(observations([[seen] for seen in path]))
    sure = np.full(21, 0.9)
    doubtful = sure.copy()
    doubtful[10] = 0.25

    heights = [
        fit_course(replace(view, confidence=each), np.arange(21)).cxcywh[10, 3]
        for each in (sure, doubtful)
    ]

    assert heights[0] < 97
    assert 99 < heights[1] < 100
