import numpy as np
import pytest

from passerby.people.input_size import choose, probe_size


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
