import numpy as np
import pytest

from passerby.people.detector import Detector
from passerby.testing import BOX_COLOURS, ColourDetector, moving_boxes, texture

BACKGROUND = texture((64, 48))


def test_an_empty_street() -> None:
    found = ColourDetector().detect(BACKGROUND)

    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


@pytest.mark.parametrize("colour", BOX_COLOURS)
def test_each_colour_is_found(colour: tuple[int, int, int]) -> None:
    image = BACKGROUND.copy()
    image[5:25, 30:40] = colour

    detector: Detector = ColourDetector()
    found = detector.detect(image)

    assert found.xyxy.tolist() == [[30, 5, 40, 25]]
    assert found.confidence.tolist() == [1]


def test_the_surer_is_first() -> None:
    image = BACKGROUND.copy()
    image[0:20, 10:20] = BOX_COLOURS[0]
    image[10:20, 15:30] = BOX_COLOURS[1]  # hides a quarter of the other

    found = ColourDetector().detect(image)

    assert found.xyxy.tolist() == [[15, 10, 30, 20], [10, 0, 20, 20]]
    assert found.confidence.tolist() == [1, 0.75]


def test_a_few_stray_pixels_are_no_box() -> None:
    image = BACKGROUND.copy()
    image[3, 3:8] = BOX_COLOURS[2]

    assert len(ColourDetector().detect(image)) == 0


def test_it_finds_what_moving_boxes_paint() -> None:
    *_, image = moving_boxes(11, size=(160, 120), boxes=1)

    np.testing.assert_array_equal(ColourDetector().detect(image).xyxy, [[20, 0, 40, 60]])
