import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.drawing import annotate
from passerby.films.palette import colour_of
from passerby.films.placement import FacePositions, PersonPositions, Trail
from passerby.testing import frontal_faces

GREY = 90
HEIGHT, WIDTH = 200, 300
BOX = (100.0, 60.0, 160.0, 180.0)


def picture() -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), GREY, dtype=np.uint8)


def placed(*boxes: tuple[float, float, float, float], detected: bool = True) -> PersonPositions:
    return PersonPositions(
        np.arange(len(boxes)),
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.full(len(boxes), detected),
    )


def faces(*boxes: tuple[float, float, float, float]) -> FacePositions:
    made = frontal_faces(boxes)
    return FacePositions(
        np.arange(len(boxes)),
        made.xyxy.astype(np.float64),
        made.landmarks[:, :5].astype(np.float64),
    )


def in_colour(image: NDArray[np.uint8], person_index: int) -> NDArray[np.bool_]:
    """(h, w) pixels in exactly a person's colour."""
    same: NDArray[np.bool_] = (image == colour_of(person_index)).all(axis=2)
    return same


def test_nobody_changes_nothing() -> None:
    np.testing.assert_array_equal(annotate(picture(), placed(), faces(), []), picture())


def test_the_picture_given_is_left_alone() -> None:
    image = picture()

    annotate(image, placed(BOX), faces(), [])

    np.testing.assert_array_equal(image, picture())


def test_a_box_is_drawn_on_its_four_sides() -> None:
    image = annotate(picture(), placed(BOX), faces(), [])

    sides = in_colour(image, 0)
    assert sides[60, 105:155].all()
    assert sides[180, 105:155].all()
    assert sides[65:175, 100].all()
    assert sides[65:175, 160].all()
    assert (image[70:170, 110:150] == GREY).all()


def test_a_filled_box_is_dashed() -> None:
    image = annotate(picture(), placed(BOX, detected=False), faces(), [])

    side = in_colour(image, 0)[60:180, 160]
    assert 0.3 < side.mean() < 0.8
    assert np.abs(np.diff(side.astype(int))).sum() >= 8


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0.0, 0.0, 60.0, 120.0), id="at the upper left corner"),
        pytest.param((270.0, 0.0, 340.0, 150.0), id="beyond the right border"),
        pytest.param((-50.0, -30.0, 60.0, 120.0), id="beyond the upper left corner"),
        pytest.param((150.0, 100.0, 150.0, 100.0), id="without extent"),
    ],
)
def test_the_number_is_always_in_the_picture(box: tuple[float, float, float, float]) -> None:
    tag = in_colour(annotate(picture(), placed(box), faces(), []), 0)

    rows, columns = np.nonzero(tag)
    assert tag.sum() > 100
    # Widest row of the tag: all of it lies inside.
    assert np.ptp(columns[rows == np.bincount(rows).argmax()]) >= 15


def test_the_nearer_person_lies_on_top() -> None:
    far, near = (100.0, 60.0, 160.0, 150.0), (100.0, 60.0, 160.0, 180.0)

    image = annotate(picture(), placed(near, far), faces(), [])

    assert in_colour(image, 0)[65:145, 100].all()


FACE = (110.0, 70.0, 150.0, 110.0)  # in BOX; eyes at y 86, nose at (130, 94)


def test_a_face_is_a_box_with_five_dots() -> None:
    image = annotate(picture(), placed(BOX), faces(FACE), [])

    marks = in_colour(image, 0)
    assert marks[70, 112:148].all()
    assert marks[72:108, 150].all()
    for x, y in [(122, 86), (138, 86), (124, 100), (136, 100), (130, 94)]:
        assert marks[y, x]
    assert marks[72:108, 112:148].sum() < 60


def test_a_person_with_a_body_has_its_number_there_alone() -> None:
    image = annotate(picture(), placed(BOX), faces(FACE), [])

    # Above the face, within the box, nothing is written.
    assert not in_colour(image, 0)[62:69, 112:148].any()


def test_a_person_known_by_the_face_has_its_number_there() -> None:
    image = annotate(picture(), placed(), faces(FACE), [])

    tag = in_colour(image, 0)[:70]
    assert tag.sum() > 100
    assert np.flatnonzero(tag.any(axis=0)).min() == pytest.approx(110, abs=2)


def test_a_face_beyond_the_border_is_drawn_as_far_as_it_goes() -> None:
    image = annotate(picture(), placed(), faces((-20.0, 50.0, 20.0, 90.0)), [])

    assert in_colour(image, 0)[52:88, 20].all()


def trail(points: list[tuple[float, float]]) -> Trail:
    return Trail(1, np.array(points), np.linspace(0, 1, len(points)))


def test_a_trail_fades_towards_its_older_end() -> None:
    way = trail([(20.0 + 20 * step, 100.0) for step in range(11)])

    image = annotate(picture(), placed(), faces(), [way])

    distance = np.abs(image[100, 20:220].astype(int) - GREY).sum(axis=1)
    steps = distance[5::20]
    assert (np.diff(steps) > 0).all()
    assert (image[:90] == GREY).all()
    assert (image[110:] == GREY).all()


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(100.0, 300.0), (120.0, 300.0)], id="below the picture"),
        pytest.param([(-50.0, 50.0), (-10.0, 60.0)], id="left of it"),
    ],
)
def test_a_trail_outside_is_not_drawn(points: list[tuple[float, float]]) -> None:
    image = annotate(picture(), placed(), faces(), [trail(points)])

    np.testing.assert_array_equal(image, picture())


def test_a_trail_that_leaves_is_drawn_as_far_as_it_goes() -> None:
    image = annotate(picture(), placed(), faces(), [trail([(100.0, 150.0), (100.0, 260.0)])])

    assert (image[160:, 100] != GREY).any(axis=1).all()
