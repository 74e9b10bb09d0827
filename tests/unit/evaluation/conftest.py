from collections.abc import Callable, Mapping

import numpy as np
import pytest

from passerby import boxes
from passerby.evaluation.sequence import Frame, Sequence

# Where persons stand in one frame: id -> left edge of a box of 10 x 10 pixels.
Standing = Mapping[int, float]
Scene = Callable[..., Sequence]


def _xyxy(standing: Standing) -> boxes.Boxes:
    left = np.array(list(standing.values()), dtype=np.float64)
    return np.stack([left, 0 * left, left + 10, 0 * left + 10], axis=1)


def _frame(number: int, truth: Standing, result: Standing) -> Frame:
    return Frame(
        number,
        np.array(list(truth), dtype=np.int64),
        np.array(list(result), dtype=np.int64),
        boxes.iou(_xyxy(truth), _xyxy(result)).astype(np.float64),
        _xyxy(truth).astype(np.float64),
        np.ones(len(truth)),
    )


def _scene(*frames: tuple[Standing, Standing]) -> Sequence:
    """Sequence of frames given as (truth, result)."""
    return Sequence(
        tuple(_frame(number, *sides) for number, sides in enumerate(frames, start=1)),
        len({person for truth, _ in frames for person in truth}),
        len({person for _, result in frames for person in result}),
    )


@pytest.fixture
def scene() -> Scene:
    return _scene
