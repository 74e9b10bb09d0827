"""The squares that are cut out of a frame, and their pictures."""

import numpy as np
import pytest

from passerby.faces.crops import Crop, Mosaic, crop_image, frame_crop, head_crops, pack_crops


@pytest.mark.parametrize(
    ("size", "crop"),
    [
        pytest.param((640, 640), (0, 0, 640), id="square"),
        pytest.param((640, 480), (0, -80, 640), id="lying"),
        pytest.param((1080, 1920), (-420, 0, 1920), id="upright"),
    ],
)
def test_the_whole_frame_is_in_the_crop(size: tuple[int, int], crop: tuple[int, int, int]) -> None:
    assert frame_crop(*size) == Crop(*crop, is_person=False)


@pytest.mark.parametrize(
    ("persons", "crops"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param([(100, 100, 140, 300)], [(78, 84, 84)], id="narrow: by height"),
        pytest.param([(100, 100, 300, 300)], [(90, 84, 220)], id="sitting: by width"),
        pytest.param([(100, 100, 140, 210)], [], id="110 pixels tall"),
        pytest.param(
            [(100, 100, 140, 300), (104, 101, 144, 301)], [(78, 84, 84)], id="nearly the same"
        ),
    ],
)
def test_heads(persons: list[tuple[int, ...]], crops: list[tuple[int, int, int]]) -> None:
    found = head_crops(np.array(persons, np.float32).reshape(-1, 4))

    assert found == [Crop(*crop, is_person=True) for crop in crops]


@pytest.mark.parametrize(
    ("crop", "rows", "columns"),
    [
        pytest.param((0, 0, 192), (0, 192), (0, 192), id="inside"),
        pytest.param((-96, 0, 192), (0, 192), (96, 192), id="half to the left"),
        pytest.param((288, 96, 192), (0, 96), (0, 96), id="over the lower right corner"),
    ],
)
def test_beyond_the_border_it_is_black(
    crop: tuple[int, int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    white = np.full((192, 384, 3), 255, np.uint8)

    cut = crop_image(white, Crop(*crop, is_person=True))

    expected = np.zeros((192, 192, 3), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    np.testing.assert_array_equal(cut, expected)


def crop(left: int, side: int) -> Crop:
    return Crop(left, 0, side, is_person=True)


def test_small_crops_share_pictures_four_in_each() -> None:
    small = [crop(left, 100) for left in range(5)]

    laid_out = list(pack_crops([crop(0, 300), *small, crop(7, 145)]))

    assert [list(mosaic.crops) for mosaic in laid_out] == [
        [crop(0, 300)],
        [crop(7, 145)],
        small[:4],
        small[4:],
    ]


def test_a_shared_picture_shows_its_crops_side_by_side() -> None:
    # Four flat areas; each crop shows one of them.
    image = np.repeat(np.arange(10, 50, 10, dtype=np.uint8), 100)[None, :, None]
    image = np.tile(image, (100, 1, 3))

    picture = Mosaic([crop(100 * number, 100) for number in range(4)]).render(image)

    assert picture.shape == (192, 192, 3)
    corners = picture[::191, ::191, 0]
    np.testing.assert_array_equal(corners, [[10, 20], [30, 40]])
    assert sorted(np.unique(picture).tolist()) == [10, 20, 30, 40]


def test_what_nobody_fills_is_black() -> None:
    white = np.full((100, 200, 3), 255, np.uint8)

    picture = Mosaic([crop(0, 100), crop(100, 100)]).render(white)

    assert (picture[:96] == 255).all()
    assert not picture[96:].any()


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        pytest.param((0, 0), (0, (0, 0)), id="first pixel"),
        pytest.param((95.9, 10), (0, (0, 0)), id="before the seam"),
        pytest.param((96, 10), (1, (96, 0)), id="on the seam"),
        pytest.param((10, 150), (2, (0, 96)), id="second row"),
        pytest.param((150, 150), None, id="where no crop is"),
        pytest.param((-1, 10), None, id="outside"),
        pytest.param((192, 10), None, id="past the end"),
    ],
)
def test_places(point: tuple[float, float], expected: tuple[int, tuple[int, int]] | None) -> None:
    crops = [crop(left, 100) for left in range(3)]

    found = Mosaic(crops).locate(np.array(point))

    if expected is None:
        assert found is None
    else:
        assert found is not None
        number, begin = expected
        assert found[0] == crops[number]
        np.testing.assert_array_equal(found[1], begin)


def test_a_crop_alone_fills_its_picture() -> None:
    found = Mosaic([crop(3, 100)]).locate(np.array([191.0, 191]))

    assert found is not None
    np.testing.assert_array_equal(found[1], [0, 0])
