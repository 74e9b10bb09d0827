import numpy as np
import pytest

from passerby.films.font import Font

START = (20, 60)
WHITE = (255, 255, 255)


def written(font: Font, text: str) -> tuple[int, int, int, int]:
    """First and last column, first and last row that the text has touched."""
    image = np.zeros((100, 400, 3), dtype=np.uint8)
    font.write(image, text, START, WHITE)
    rows, columns = np.nonzero(image[:, :, 0] > 64)
    return int(columns.min()), int(columns.max()), int(rows.min()), int(rows.max())


@pytest.mark.parametrize("size", [14, 24, 40])
@pytest.mark.parametrize("text", ["7", "12", "0:12.8"])
def test_the_size_is_known_beforehand(text: str, size: int) -> None:
    font = Font(size, weight=600)

    left, right, top, bottom = written(font, text)

    assert START[0] <= left <= START[0] + 0.15 * size
    assert abs(right + 1 - START[0] - font.width(text)) <= 0.15 * size
    assert abs(START[1] - top - font.cap_height) <= 1
    assert abs(bottom + 1 - START[1]) <= 1
