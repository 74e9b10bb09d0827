"""Which squares are looked at, and what their pictures show."""

import numpy as np
import pytest

from passerby.faces.views import Sheet, View, cut_out, frame_view, head_views, sheets


@pytest.mark.parametrize(
    ("size", "view"),
    [
        pytest.param((640, 640), (0, 0, 640), id="square"),
        pytest.param((640, 480), (0, -80, 640), id="lying"),
        pytest.param((1080, 1920), (-420, 0, 1920), id="upright"),
    ],
)
def test_the_whole_frame_is_in_view(size: tuple[int, int], view: tuple[int, int, int]) -> None:
    assert frame_view(*size) == View(*view, is_person=False)


@pytest.mark.parametrize(
    ("persons", "views"),
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
def test_heads(persons: list[tuple[int, ...]], views: list[tuple[int, int, int]]) -> None:
    found = head_views(np.array(persons, np.float32).reshape(-1, 4))

    assert found == [View(*view, is_person=True) for view in views]


@pytest.mark.parametrize(
    ("view", "rows", "columns"),
    [
        pytest.param((0, 0, 192), (0, 192), (0, 192), id="inside"),
        pytest.param((-96, 0, 192), (0, 192), (96, 192), id="half to the left"),
        pytest.param((288, 96, 192), (0, 96), (0, 96), id="over the lower right corner"),
    ],
)
def test_beyond_the_border_it_is_black(
    view: tuple[int, int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    white = np.full((192, 384, 3), 255, np.uint8)

    cut = cut_out(white, View(*view, is_person=True))

    expected = np.zeros((192, 192, 3), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    np.testing.assert_array_equal(cut, expected)


def view(left: int, side: int) -> View:
    return View(left, 0, side, is_person=True)


def test_small_views_share_pictures_four_in_each() -> None:
    small = [view(left, 100) for left in range(5)]

    laid_out = list(sheets([view(0, 300), *small, view(7, 145)]))

    assert [list(sheet.views) for sheet in laid_out] == [
        [view(0, 300)],
        [view(7, 145)],
        small[:4],
        small[4:],
    ]


def test_a_shared_picture_shows_its_views_side_by_side() -> None:
    # Four flat areas; each view shows one of them.
    image = np.repeat(np.arange(10, 50, 10, dtype=np.uint8), 100)[None, :, None]
    image = np.tile(image, (100, 1, 3))

    picture = Sheet([view(100 * number, 100) for number in range(4)]).picture(image)

    assert picture.shape == (192, 192, 3)
    corners = picture[::191, ::191, 0]
    np.testing.assert_array_equal(corners, [[10, 20], [30, 40]])
    assert sorted(np.unique(picture).tolist()) == [10, 20, 30, 40]


def test_what_nobody_fills_is_black() -> None:
    white = np.full((100, 200, 3), 255, np.uint8)

    picture = Sheet([view(0, 100), view(100, 100)]).picture(white)

    assert (picture[:96] == 255).all()
    assert not picture[96:].any()


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        pytest.param((0, 0), (0, (0, 0)), id="first pixel"),
        pytest.param((95.9, 10), (0, (0, 0)), id="before the seam"),
        pytest.param((96, 10), (1, (96, 0)), id="on the seam"),
        pytest.param((10, 150), (2, (0, 96)), id="second row"),
        pytest.param((150, 150), None, id="where no view is"),
        pytest.param((-1, 10), None, id="outside"),
        pytest.param((192, 10), None, id="past the end"),
    ],
)
def test_places(point: tuple[float, float], expected: tuple[int, tuple[int, int]] | None) -> None:
    views = [view(left, 100) for left in range(3)]

    place = Sheet(views).place(np.array(point))

    if expected is None:
        assert place is None
    else:
        assert place is not None
        number, begin = expected
        assert place[0] == views[number]
        np.testing.assert_array_equal(place[1], begin)


def test_a_view_alone_fills_its_picture() -> None:
    place = Sheet([view(3, 100)]).place(np.array([191.0, 191]))

    assert place is not None
    np.testing.assert_array_equal(place[1], [0, 0])
