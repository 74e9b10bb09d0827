import numpy as np
import pytest

from passerby.people.input_size import choose, choose_all, probe_size


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param((1920, 1080), (480, 256), id="270 rows go to 256, the nearer multiple"),
        pytest.param((1080, 1920), (256, 480), id="upright"),
        pytest.param((640, 480), (480, 352), id="360 rows go to 352"),
        pytest.param((176, 144), (352, 288), id="a tiny video is at most doubled"),
        pytest.param((8, 8), (32, 32), id="never below one cell"),
        pytest.param((3840, 100), (480, 32), id="a ribbon"),
    ],
)
def test_probe_size(frame: tuple[int, int], expected: tuple[int, int]) -> None:
    assert probe_size(*frame) == expected


@pytest.mark.parametrize(
    ("heights", "frame", "expected"),
    [
        pytest.param([], (1920, 1080), (480, 256), id="nobody seen: the usual size"),
        pytest.param([80, 80], (768, 576), (640, 480), id="864 wanted, 640 is the most"),
        pytest.param([180], (640, 480), (320, 256), id="half of the video's size"),
        pytest.param([500], (1920, 1080), (352, 192), id="345.6 goes to 352"),
        pytest.param([1000], (1920, 1080), (320, 192), id="172.8 wanted, 320 is the least"),
        pytest.param([10, 360, 400], (1920, 1080), (480, 256), id="the median decides"),
        pytest.param([20], (160, 120), (320, 256), id="a tiny video is at most doubled"),
    ],
)
def test_choose(heights: list[float], frame: tuple[int, int], expected: tuple[int, int]) -> None:
    assert choose(np.array(heights, dtype=np.float32), *frame) == expected


@pytest.mark.parametrize(
    ("heights", "frame", "expected"),
    [
        pytest.param([], (1920, 1080), [(480, 256)], id="nobody seen: the usual size"),
        pytest.param([180], (640, 480), [(320, 256)], id="one person"),
        pytest.param([150, 160, 170, 180], (640, 480), [(352, 256)], id="all alike"),
        # 90 / 160 x 640 = 360; 450 and 234.
        pytest.param([100, 160, 240], (640, 480), [(448, 352), (224, 160)], id="near and far"),
        # 432 wanted; 540 and 280.8.
        pytest.param([100, 400, 900], (1920, 1080), [(544, 288), (288, 160)], id="a street"),
        pytest.param([10, 11, 20, 21], (160, 120), [(320, 256)], id="tiny: both at most doubled"),
    ],
)
def test_choose_all(
    heights: list[float], frame: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    assert choose_all(np.array(heights, dtype=np.float32), *frame) == tuple(expected)


@pytest.mark.parametrize("median", [20, 60, 120, 240, 500, 1000])
@pytest.mark.parametrize("frame", [(1920, 1080), (1080, 1920), (768, 576), (3840, 2160)])
def test_two_sizes_cost_about_twice_what_one_does(frame: tuple[int, int], median: float) -> None:
    width, height = choose(np.array([median]), *frame)

    sizes = choose_all(np.array([median / 2, median, median * 2]), *frame)

    # Rounding to cells of 32 pixels adds up to a tenth on each side.
    pixels = sum(width * height for width, height in sizes)
    assert pixels / (width * height) == pytest.approx(2, rel=0.25)
