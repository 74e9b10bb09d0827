import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.people.appearance import BINS, DIMENSIONS, FULL, HUES, SATURATIONS, describe
from passerby.testing import Image, texture

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)
PINK, OLIVE = (128, 128, 255), (0, 100, 100)

STRIPE_ROWS = 12

# Of this box, columns 3 to 26 are described: as many as a crop has.
WHOLE = (0, 0, 31.6, 72)

# In a stripe of one colour two bins share the stripe: hue and saturation, brightness.
ALONE = round(FULL * (1 / 12) ** 0.5)


def stripes(*colours: tuple[int, int, int], width: int = 32) -> Image:
    """Picture of stripes from top to bottom, each as high as one of a crop."""
    rows = np.repeat(np.array(colours, np.uint8), STRIPE_ROWS, axis=0)
    return np.repeat(rows[:, None], width, axis=1)


def boxes(*xyxy: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(xyxy, np.float32).reshape(-1, 4)


def hue_bin(degrees: int, third: int) -> int:
    """Bin of a hue on the circle and of a third of the range of saturation."""
    return degrees * HUES // 360 * SATURATIONS + third


def brightness_bin(eighth: int) -> int:
    return HUES * SATURATIONS + eighth


def filled_bins(description: NDArray[np.uint8]) -> list[list[int]]:
    """Bins of each stripe that are not empty."""
    return [np.flatnonzero(stripe).tolist() for stripe in description.reshape(-1, BINS)]


def test_nobody() -> None:
    described = describe(stripes(RED), boxes())

    assert described.shape == (0, DIMENSIONS)
    assert described.dtype == np.uint8


@pytest.mark.parametrize(
    ("colour", "bins"),
    [
        pytest.param(BLACK, [hue_bin(0, 0), brightness_bin(0)], id="black"),
        pytest.param(GREY, [hue_bin(0, 0), brightness_bin(4)], id="grey"),
        pytest.param(WHITE, [hue_bin(0, 0), brightness_bin(7)], id="white"),
        pytest.param(RED, [hue_bin(0, 2), brightness_bin(7)], id="red"),
        pytest.param(PINK, [hue_bin(0, 1), brightness_bin(7)], id="pink: half as saturated"),
        pytest.param(OLIVE, [hue_bin(60, 2), brightness_bin(3)], id="olive: a dark yellow"),
        pytest.param(GREEN, [hue_bin(120, 2), brightness_bin(7)], id="green"),
        pytest.param(BLUE, [hue_bin(240, 2), brightness_bin(7)], id="blue"),
    ],
)
def test_a_colour_has_its_bins(colour: tuple[int, int, int], bins: list[int]) -> None:
    (described,) = describe(stripes(*[colour] * 6), boxes(WHOLE))

    assert filled_bins(described) == [bins] * 6
    assert set(described[described > 0].tolist()) == {ALONE}


def test_stripes_run_from_head_to_foot() -> None:
    (described,) = describe(stripes(BLACK, WHITE, RED, RED, BLUE, GREEN), boxes(WHOLE))

    dark, bright = brightness_bin(0), brightness_bin(7)
    assert filled_bins(described) == [
        [hue_bin(0, 0), dark],
        [hue_bin(0, 0), bright],
        [hue_bin(0, 2), bright],
        [hue_bin(0, 2), bright],
        [hue_bin(240, 2), bright],
        [hue_bin(120, 2), bright],
    ]


def test_the_middle_counts_more_than_the_sides() -> None:
    image = stripes(*[RED] * 6)
    image[:, 11:19] = GREEN  # the middle third of what is described

    (described,) = describe(image, boxes(WHOLE))

    # Of a normal distribution cut off at 1.5 standard deviations, 44.2 % lie within 0.5.
    green, red = described[hue_bin(120, 2)], described[hue_bin(0, 2)]
    assert green == pytest.approx(FULL * (0.442 / 12) ** 0.5, abs=1)
    assert red == pytest.approx(FULL * (0.558 / 12) ** 0.5, abs=1)


def test_the_sides_of_a_box_are_left_out() -> None:
    image = stripes(*[BLUE] * 6)
    image[:, :3] = image[:, 27:] = RED

    np.testing.assert_array_equal(
        describe(image, boxes(WHOLE)), describe(stripes(*[BLUE] * 6), boxes(WHOLE))
    )


def test_vectors_have_unit_length() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)

    described = describe(noise, boxes((0, 0, 30, 90), (40.5, 10.2, 80, 71), (100, 60, 104, 70)))

    # Rounding changes each of the 192 components by at most a half.
    lengths = np.linalg.norm(described.astype(float), axis=1)
    np.testing.assert_allclose(lengths, FULL, atol=0.5 * DIMENSIONS**0.5)


@pytest.mark.parametrize("scale", [0.25, 0.5, 3], ids=["small", "half as large", "large"])
def test_size_does_not_matter(scale: float) -> None:
    colours = (BLACK, WHITE, RED, PINK, BLUE, GREEN)
    rows = np.repeat(np.array(colours, np.uint8), int(STRIPE_ROWS * scale), axis=0)
    image = np.repeat(rows[:, None], 40, axis=1)

    described = describe(image, boxes((0, 0, 30, 72 * scale)))

    np.testing.assert_array_equal(described, describe(stripes(*colours), boxes(WHOLE)))


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((10, 10, 12, 60), id="too narrow"),
        pytest.param((10, 10, 40, 15.9), id="too low"),
        pytest.param((20, 20, 20, 20), id="empty"),
        pytest.param((40, 60, 10, 10), id="inverted"),
        pytest.param((-50, 10, -10, 60), id="left of the picture"),
        pytest.param((10, 90, 40, 150), id="below the picture"),
        pytest.param((-50, 10, 2, 60), id="hardly in the picture"),
    ],
)
def test_too_small_to_tell(box: tuple[float, float, float, float]) -> None:
    assert not describe(texture((100, 80)), boxes(box)).any()


def test_just_large_enough() -> None:
    assert describe(texture((100, 80)), boxes((10, 10, 13, 16))).any()


def test_over_the_border_what_is_inside_is_described() -> None:
    image = stripes(BLACK, WHITE, RED, PINK, BLUE, GREEN)

    over = describe(image, boxes((-31, -36, 10, 72), (20, 0, 71, 500)))

    inside = describe(image, boxes(WHOLE, WHOLE))
    np.testing.assert_array_equal(over, inside)


def test_boxes_are_described_each_on_its_own() -> None:
    image = np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)
    together = boxes(
        (0, 0, 30, 90), (5, 5, 6, 6), (10, 20, 40, 80), (-500, 0, -400, 90), (90, 3, 160, 40)
    )
    before = image.copy()

    described = describe(image, together)

    one_by_one = [describe(image, box[None]) for box in together]
    np.testing.assert_array_equal(described, np.concatenate(one_by_one))
    assert described.any(axis=1).tolist() == [True, False, True, False, True]
    np.testing.assert_array_equal(image, before)
