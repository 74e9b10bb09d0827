from collections.abc import Callable

import pytest

from passerby.evaluation.identity import count_identity
from passerby.evaluation.sequence import Sequence

Scene = Callable[..., Sequence]

ALONE = ({0: 0}, {0: 0})
RENAMED = ({0: 0}, {1: 0})
PAIR = ({0: 0, 1: 50}, {0: 0, 1: 50})
SWAPPED = ({0: 0, 1: 50}, {0: 50, 1: 0})


@pytest.mark.parametrize(
    ("frames", "hits", "misses", "false_alarms", "idf1"),
    [
        pytest.param([], 0, 0, 0, 0, id="nothing"),
        pytest.param([({0: 0}, {})], 0, 1, 0, 0, id="missed"),
        pytest.param([({}, {0: 0})], 0, 0, 1, 0, id="a false alarm"),
        pytest.param([({0: 0}, {0: 4})], 0, 1, 1, 0, id="too little overlap"),
        pytest.param([ALONE, ALONE], 2, 0, 0, 1, id="perfect"),
        pytest.param([ALONE, ALONE, ALONE, RENAMED], 3, 1, 1, 0.75, id="the longer part counts"),
        pytest.param([PAIR, SWAPPED, SWAPPED], 4, 2, 2, 2 / 3, id="the longer pairing counts"),
    ],
)
def test_identities(
    *,
    scene: Scene,
    frames: list[tuple[dict[int, float], dict[int, float]]],
    hits: int,
    misses: int,
    false_alarms: int,
    idf1: float,
) -> None:
    counts = count_identity(scene(*frames))

    assert (counts.hits, counts.misses, counts.false_alarms) == (hits, misses, false_alarms)
    assert counts.idf1 == pytest.approx(idf1)


def test_precision_and_recall(scene: Scene) -> None:
    missed = ({0: 0}, dict[int, float]())

    counts = count_identity(scene(ALONE, ALONE, missed, RENAMED))

    assert counts.id_precision == pytest.approx(2 / 3)
    assert counts.id_recall == pytest.approx(2 / 4)
