import math

import numpy as np
import pytest

from passerby.people.merging import SAME_PERSON_IOU, merge, say
from passerby.records import Detections

NOTHING = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))


def seen(*rows: tuple[float, float, float, float, float]) -> Detections:
    """Rows of left, top, right, bottom, confidence."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4].copy(), table[:, 4].copy())


def test_a_single_look_is_what_it_saw() -> None:
    look = seen((0, 0, 10, 30, 0.9), (1, 0, 11, 30, 0.8))

    assert merge([look], [1.0]) is look


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param([NOTHING, NOTHING], [], id="nobody"),
        pytest.param(
            [seen((0, 0, 30, 90, 0.6)), NOTHING], [(0, 0, 30, 90, 0.6)], id="seen by one look"
        ),
        pytest.param(
            [seen((0, 0, 30, 90, 0.6)), seen((100, 0, 130, 90, 0.7))],
            [(100, 0, 130, 90, 0.7), (0, 0, 30, 90, 0.6)],
            id="two people, the surer first",
        ),
        pytest.param(
            [seen((0, 0, 30, 90, 0.5)), seen((4, 0, 34, 90, 0.5))],
            [(2, 0, 32, 90, 0.5)],
            id="equal looks meet in the middle",
        ),
        pytest.param(
            [seen((0, 0, 30, 90, 0.6)), seen((4, 0, 34, 90, 0.2))],
            [(1, 0, 31, 90, 0.6)],
            id="the surer weighs more, and tells how sure they are",
        ),
    ],
)
def test_looks_of_one_scale(looks: list[Detections], expected: list[tuple[float, ...]]) -> None:
    found = merge(looks, [1.0, 1.0])

    rows = np.column_stack([found.xyxy, found.confidence]).tolist()
    assert rows == [pytest.approx(row, abs=1e-4) for row in expected]
    assert found.xyxy.dtype == found.confidence.dtype == np.float32


def test_who_sees_the_height_best_places_the_box() -> None:
    # 90 pixels tall in the first image, 45 in the second: exp(-(ln 2 / 0.75)² / 2) = 0.652.
    found = merge([seen((0, 0, 30, 90, 0.5)), seen((8, 0, 38, 90, 0.5))], [1.0, 0.5])

    worth = math.exp(-((math.log(2) / 0.75) ** 2) / 2)
    assert found.xyxy[0, 0] == pytest.approx(8 * worth / (1 + worth), abs=1e-3)


def test_say_is_most_at_the_best_height_and_falls_on_both_sides() -> None:
    heights = np.array([1.0, 20, 60, 90, 130, 300, 5000])

    worth = say(heights)

    assert worth.argmax() == 3
    assert worth[3] == 1
    assert (np.diff(worth[:4]) > 0).all()
    assert (np.diff(worth[3:]) <= 0).all()
    assert (worth > 0).all()


def test_against_brute_force() -> None:
    chance = np.random.default_rng(3)
    for _ in range(20):
        looks = [_crowd(chance, int(chance.integers(0, 12))) for _ in range(3)]
        scales = [1.0, 0.7, 0.4]

        found = merge(looks, scales)

        rows = np.column_stack([found.xyxy, found.confidence])
        expected = np.array(_brute_force(looks, scales)).reshape(-1, 5)
        assert rows == pytest.approx(expected, abs=1e-3)


def _crowd(chance: np.random.Generator, count: int) -> Detections:
    """People on a grid, so that boxes of one look never overlap by half."""
    places = chance.permutation(20)[:count]
    rows = [
        (30 * place + chance.normal(0, 3), chance.normal(0, 3), 30 * place + 28, 85.0)
        for place in places
    ]
    confidence = chance.uniform(0.1, 0.9, count).astype(np.float32)
    return Detections(np.array(rows, np.float32).reshape(-1, 4), confidence)


def _brute_force(looks: list[Detections], scales: list[float]) -> list[list[float]]:
    """One box after the other, in plain numbers."""
    left = []
    for scale, look in zip(scales, looks, strict=True):
        for box, confidence in zip(look.xyxy.tolist(), look.confidence.tolist(), strict=True):
            octaves = math.log((box[3] - box[1]) * scale / 90) / 0.75
            worth = max(math.exp(-(octaves**2) / 2), 0.02)
            left.append((confidence * math.sqrt(worth), scale, box, confidence, worth))
    left.sort(key=lambda row: -row[0])
    merged = []
    while left:
        same = [row for row in left if _iou(row[2], left[0][2]) > SAME_PERSON_IOU]
        left = [row for row in left if row not in same]
        first = {scale: row for _, scale, *row in reversed(same)}
        total = sum(confidence * worth for _, confidence, worth in first.values())
        box = [
            sum(confidence * worth * box[side] for box, confidence, worth in first.values()) / total
            for side in range(4)
        ]
        merged.append([*box, max(row[3] for row in same)])
    return sorted(merged, key=lambda row: -row[4])


def _iou(one: list[float], other: list[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)
