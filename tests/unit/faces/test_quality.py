"""Brightness and sharpness of pictures whose values are known beforehand."""

import cv2
import numpy as np
import pytest

from passerby.faces.quality import quality
from passerby.inference.session import Image

BOX = np.array([20.0, 10, 84, 90], np.float32)


def plain(blue: int, green: int, red: int) -> Image:
    return np.full((100, 120, 3), (blue, green, red), np.uint8)


def textured() -> Image:
    """Grey spots, large ones and as strong small ones, as a sharp face has them."""
    random = np.random.default_rng(0)
    grey = np.zeros((100, 120))
    for size in (1.0, 4.0, 12.0):
        spots = np.asarray(cv2.GaussianBlur(random.normal(size=grey.shape), (0, 0), size))
        grey += spots / spots.std()
    pixels = np.rint(255 * (grey - grey.min()) / np.ptp(grey)).astype(np.uint8)
    return np.repeat(pixels[:, :, None], 3, axis=2)


def blurred(image: Image, pixels: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), pixels), np.uint8)


@pytest.mark.parametrize(
    ("colour", "brightness"),
    [
        pytest.param((0, 0, 0), 0, id="black"),
        pytest.param((255, 255, 255), 100, id="white"),
        pytest.param((51, 51, 51), 20, id="dark grey"),
        pytest.param((255, 0, 0), 11.4, id="blue is dark"),
        pytest.param((0, 255, 0), 58.7, id="green is bright"),
    ],
)
def test_plain_colour(colour: tuple[int, int, int], brightness: float) -> None:
    found = quality(plain(*colour), BOX)

    assert found.dtype == np.float32
    assert found == pytest.approx([brightness, 0], abs=0.2)


def test_only_the_box_counts() -> None:
    image = plain(255, 255, 255)
    image[10:90, 20:84] = 51

    assert quality(image, BOX)[0] == pytest.approx(20)


def test_half_a_box_is_black() -> None:
    image = plain(0, 0, 0)
    image[10:50] = 255

    assert quality(image, BOX)[0] == pytest.approx(50)


def test_blur_makes_it_less_sharp() -> None:
    found = [quality(blurred(textured(), pixels), BOX)[1] for pixels in (0.1, 1, 1.5, 2, 3)]

    assert found[0] > 90
    assert found[-1] < 10
    assert (np.diff(found) < 0).all()


def test_a_small_face_is_less_sharp() -> None:
    image = textured()
    found = []
    for scale in (1, 0.5, 0.25):
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found.append(quality(np.asarray(small, np.uint8), BOX * scale)[1])

    assert (np.diff(found) < -5).all()


@pytest.mark.parametrize("light", [0.6, 0.7, 0.9])
def test_light_does_not_count_for_sharpness(light: float) -> None:
    image = blurred(textured(), 1.5)
    lit = np.rint(image * light).astype(np.uint8)

    assert quality(lit, BOX)[1] == pytest.approx(quality(image, BOX)[1], abs=5)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([-50, -50, 30, 40], id="beyond the upper left corner"),
        pytest.param([100, 80, 500, 500], id="beyond the lower right corner"),
        pytest.param([-500, -500, 1000, 1000], id="larger than the picture"),
        pytest.param([40, 40, 41, 41], id="one pixel"),
        pytest.param([40.2, 40.3, 40.4, 40.6], id="less than a pixel"),
        pytest.param([40, 10, 41, 90], id="one column"),
    ],
)
def test_what_the_picture_shows_counts(box: list[float]) -> None:
    brightness, sharpness = quality(textured(), np.array(box)).tolist()

    assert 0 < brightness <= 100
    assert 0 <= sharpness <= 100


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([-40, 10, -10, 40], id="left of the picture"),
        pytest.param([10, 100, 40, 140], id="just below it"),
        pytest.param([130, 10, 160, 40], id="right of it"),
        pytest.param([60, 60, 40, 40], id="inside out"),
    ],
)
def test_nothing_to_see(box: list[float]) -> None:
    assert quality(textured(), np.array(box)).tolist() == [0, 0]


def test_light_is_a_share_of_white_alone() -> None:
    assert quality(plain(255, 255, 255), BOX)[1] == 0
