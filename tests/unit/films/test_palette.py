from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from passerby.films.palette import BLACK, COLOURS, WHITE, Colour, colour_of, text_colour_on


def lab(colour: Colour) -> np.ndarray:
    return np.asarray(rgb2lab(np.array(colour[::-1]) / 255))


def test_no_two_colours_are_alike() -> None:
    pairs = np.array([(lab(a), lab(b)) for a, b in combinations(COLOURS, 2)])
    distances = deltaE_ciede2000(pairs[:, 0], pairs[:, 1])  # type: ignore[no-untyped-call]

    assert distances.min() > 17


def test_colours_are_neither_dark_nor_pale() -> None:
    for colour in COLOURS:
        lightness, a, b = lab(colour)
        assert 47 < lightness < 89
        assert np.hypot(a, b) > 41


def test_colours_begin_again_after_the_last() -> None:
    assert [colour_of(index) for index in (0, 1, 16, 17)] == [*COLOURS[:2], *COLOURS[:2]]


@pytest.mark.parametrize(
    ("ground", "text_colour"),
    [
        pytest.param(BLACK, WHITE, id="on black"),
        pytest.param(WHITE, BLACK, id="on white"),
        pytest.param((255, 0, 0), WHITE, id="on deep blue"),
        pytest.param((0, 255, 255), BLACK, id="on yellow"),
    ],
)
def test_text_is_legible_on_every_colour(ground: Colour, text_colour: Colour) -> None:
    assert text_colour_on(ground) == text_colour
