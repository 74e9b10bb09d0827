from pathlib import Path

import numpy as np
import pytest
from tools import calibration


def test_a_cut_keeps_size_and_type_and_varies() -> None:
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (512, 512, 3), dtype=np.uint8)

    first, second = (calibration._cut(image, random) for _ in range(2))

    assert first.shape == second.shape == (320, 480, 3)
    assert first.dtype == np.uint8
    assert not np.array_equal(first, second)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"vtest\.avi is in none"):
        next(calibration.views([tmp_path]))
