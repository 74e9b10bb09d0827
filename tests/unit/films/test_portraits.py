from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.portraits import (
    AROUND_PICTURE,
    HEIGHT,
    WIDTH,
    choose_sightings,
    crop,
    crop_boxes,
)
from passerby.records import Sightings

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]


def test_nobody_is_chosen_from_nothing(make_sightings: MakeSightings) -> None:
    assert choose_sightings(make_sightings()).tolist() == []


def test_filled_boxes_are_not_chosen(make_sightings: MakeSightings) -> None:
    assert choose_sightings(make_sightings((0, 0, 0, False), (0, 40, 0, True))).tolist() == [1]


@pytest.mark.parametrize(
    ("count", "chosen"),
    [
        pytest.param(1, [0], id="one sighting"),
        pytest.param(8, list(range(8)), id="as many as wanted"),
        pytest.param(80, list(range(0, 80, 10)), id="the first of each tenth when all are alike"),
    ],
)
def test_portraits_are_spread_over_a_path(
    make_sightings: MakeSightings, count: int, chosen: list[int]
) -> None:
    sightings = make_sightings(*[(0, 100 * step, 0, True) for step in range(count)])

    assert choose_sightings(sightings).tolist() == chosen


def test_the_most_confident_of_each_stretch_is_chosen(make_sightings: MakeSightings) -> None:
    sightings = make_sightings(*[(0, 100 * step, 0, True) for step in range(80)])
    confidence = np.full(80, 0.5, dtype=np.float32)
    confidence[[3, 4, 79]] = (0.7, 0.9, 0.6)

    assert choose_sightings(replace(sightings, confidence=confidence)).tolist() == [
        4,
        *range(10, 70, 10),
        79,
    ]


def test_persons_are_chosen_from_apart(make_sightings: MakeSightings) -> None:
    early = [(0, 100 * step, 0, True) for step in range(16)]
    late = [(1, 800 + 100 * step, 0, True) for step in range(2)]
    sightings = make_sightings(*early, *late)

    persons = sightings.person_index[choose_sightings(sightings)].tolist()

    assert (persons.count(0), persons.count(1)) == (8, 2)


def test_a_face_alone_is_chosen_where_there_is_no_body(
    make_sightings: MakeSightings, add_faces: AddFaces
) -> None:
    # Two stretches of life with something in them: one of bodies and faces, one of a face.
    rows = [(0, 0, 0, True), (0, 1, 0, True), (0, 2, 0, True), (0, 1000, 0, True)]
    sightings = add_faces(make_sightings(*rows), [0, 2, 3], body=False)
    confidence = np.array([0.9, 0.5, 0.9, 0.9], np.float32)

    assert choose_sightings(replace(sightings, confidence=confidence)).tolist() == [1, 3]


def test_crop_boxes(make_sightings: MakeSightings, add_faces: AddFaces) -> None:
    sightings = add_faces(make_sightings((0, 0, 30, True), (1, 0, 100, True)), [1], body=False)

    body, head_and_shoulders = crop_boxes(sightings)

    assert body.tolist() == [30, 10, 50, 50]
    # The face is 10 pixels wide and high, at 100, 10.
    assert head_and_shoulders.tolist() == [90, 4, 120, 38]


def graded(width: int, height: int) -> NDArray[np.uint8]:
    """Blue grows to the right, green downwards, so that a pixel tells where it came from."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, :, 0] = np.linspace(0, 250, width)[None, :]
    image[:, :, 1] = np.linspace(0, 250, height)[:, None]
    image[:, :, 2] = 200
    return image


@pytest.mark.parametrize(
    ("box", "middle"),
    [
        pytest.param((480, 450, 520, 550), (500, 500), id="enlarged"),
        pytest.param((400, 300, 600, 700), (500, 500), id="made smaller"),
        pytest.param((300, 480, 700, 520), (500, 500), id="a wide box"),
        pytest.param((500, 500, 500, 500), (500, 500), id="a box without extent"),
        pytest.param((0, 400, 40, 500), (31.5, 450), id="at the left border, moved in"),
    ],
)
def test_the_person_is_in_the_middle(
    box: tuple[float, float, float, float], middle: tuple[float, float]
) -> None:
    portrait = crop(graded(1001, 1001), np.array(box, dtype=np.float32))

    assert portrait.shape == (HEIGHT, WIDTH, 3)
    blue, green, red = portrait[HEIGHT // 2, WIDTH // 2].tolist()
    assert (4 * blue, 4 * green) == pytest.approx(middle, abs=8)
    assert red == pytest.approx(200, abs=1)


def test_the_whole_person_is_seen() -> None:
    image = np.zeros((500, 500, 3), dtype=np.uint8)
    image[100:300, 200:280] = 255

    portrait = crop(image, np.array([200, 100, 280, 300], dtype=np.float32))

    white = portrait[:, :, 0] > 128
    # 6 percent of the height on each side: a scale of 256 / 224.
    assert white.sum(axis=0).max() == pytest.approx(200 * 256 / 224, abs=2)
    assert white.sum(axis=1).max() == pytest.approx(80 * 256 / 224, abs=2)


def test_beyond_a_picture_too_small_there_is_ground() -> None:
    portrait = crop(graded(400, 60), np.array([100, 0, 200, 60], dtype=np.float32))

    assert portrait[0, WIDTH // 2].tolist() == list(AROUND_PICTURE)
    assert portrait[HEIGHT // 2, WIDTH // 2, 2] == pytest.approx(200, abs=1)
