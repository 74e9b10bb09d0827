from collections.abc import Callable

import numpy as np
import pytest

from passerby.evaluation.hota import THRESHOLDS, count_hota
from passerby.evaluation.sequence import Sequence

Scene = Callable[..., Sequence]

ALONE = ({0: 0}, {0: 0})
SHIFTED = ({0: 0}, {0: 4})  # overlap 6 / 14 = 0.43: accepted at 8 of the 19 thresholds
RENAMED = ({0: 0}, {1: 0})


@pytest.mark.parametrize(
    ("frames", "det_a", "ass_a", "hota"),
    [
        pytest.param([], 0, 0, 0, id="nothing"),
        pytest.param([({0: 0}, {})], 0, 0, 0, id="all missed"),
        pytest.param([({}, {0: 0})], 0, 0, 0, id="all false"),
        pytest.param([ALONE, ALONE], 1, 1, 1, id="perfect"),
        pytest.param([SHIFTED], 8 / 19, 8 / 19, 8 / 19, id="found with too little overlap"),
        pytest.param([ALONE] * 5 + [RENAMED] * 5, 1, 0.5, 0.5**0.5, id="two halves"),
        pytest.param([({0: 0, 1: 50}, {0: 0})] * 3, 0.5, 1, 0.5**0.5, id="one of two persons"),
    ],
)
def test_scores(
    scene: Scene,
    frames: list[tuple[dict[int, float], dict[int, float]]],
    det_a: float,
    ass_a: float,
    hota: float,
) -> None:
    counts = count_hota(scene(*frames))

    assert counts.det_a == pytest.approx(det_a)
    assert counts.ass_a == pytest.approx(ass_a)
    assert counts.hota == pytest.approx(hota)


@pytest.mark.parametrize(
    ("frames", "loc_a"),
    [
        pytest.param([], 1, id="nothing"),
        pytest.param([ALONE], 1, id="perfect"),
        pytest.param([SHIFTED], (8 * 6 / 14 + 11) / 19, id="shifted"),
    ],
)
def test_localisation(
    scene: Scene, frames: list[tuple[dict[int, float], dict[int, float]]], loc_a: float
) -> None:
    assert count_hota(scene(*frames)).loc_a == pytest.approx(loc_a)


def test_the_longer_companion_is_matched_though_another_overlaps_more(scene: Scene) -> None:
    accompanied = ({0: 0}, {0: 1})
    disputed = ({0: 0}, {0: 1, 1: 0})

    counts = count_hota(scene(*[accompanied] * 3, disputed))

    assert counts.hits[0] == 4
    assert counts.false_alarms[0] == 1
    assert counts.association[0] == pytest.approx(4)


def test_thresholds_are_those_of_the_paper() -> None:
    np.testing.assert_allclose(THRESHOLDS, np.linspace(0.05, 0.95, 19))
