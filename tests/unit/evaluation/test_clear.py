from collections.abc import Callable

import pytest

from passerby.evaluation.clear import ClearCounts, count_clear, match
from passerby.evaluation.sequence import Sequence

Scene = Callable[..., Sequence]
Frames = list[tuple[dict[int, float], dict[int, float]]]

ALONE = ({0: 0}, {0: 0})
MISSED = ({0: 0}, {1: 90})  # a result elsewhere
UNANSWERED = ({0: 0}, dict[int, float]())
RENAMED = ({0: 0}, {1: 0})


def counted(sequence: Sequence) -> ClearCounts:
    return count_clear(sequence, match(sequence))


@pytest.mark.parametrize(
    ("frames", "hits", "misses", "false_alarms", "switches", "fragments"),
    [
        pytest.param([], 0, 0, 0, 0, 0, id="nothing"),
        pytest.param([({0: 0}, {})], 0, 1, 0, 0, 0, id="missed"),
        pytest.param([({}, {0: 0})], 0, 0, 1, 0, 0, id="a false alarm"),
        pytest.param([({0: 0}, {0: 4})], 0, 1, 1, 0, 0, id="too little overlap"),
        pytest.param([({0: 0}, {0: 3})], 1, 0, 0, 0, 0, id="enough overlap"),
        pytest.param([ALONE, RENAMED], 2, 0, 0, 1, 0, id="a switch"),
        pytest.param([ALONE, RENAMED, ALONE], 3, 0, 0, 2, 0, id="there and back"),
        pytest.param([ALONE, MISSED, ALONE], 2, 1, 1, 0, 1, id="a fragment, found under its id"),
        pytest.param([ALONE, MISSED, RENAMED], 2, 1, 1, 1, 1, id="lost, found under another id"),
        pytest.param([ALONE, UNANSWERED, ALONE], 2, 1, 0, 0, 0, id="a frame without any result"),
        pytest.param([ALONE, ({}, {}), ALONE], 2, 0, 0, 0, 0, id="a frame without any person"),
    ],
)
def test_errors_are_counted(
    *,
    scene: Scene,
    frames: Frames,
    hits: int,
    misses: int,
    false_alarms: int,
    switches: int,
    fragments: int,
) -> None:
    counts = counted(scene(*frames))

    assert (counts.hits, counts.misses, counts.false_alarms) == (hits, misses, false_alarms)
    assert (counts.switches, counts.fragments) == (switches, fragments)


@pytest.mark.parametrize(
    ("frames", "result_ids"),
    [
        pytest.param([({0: 0}, {0: 2, 1: 0})], [1], id="the better overlap at first"),
        pytest.param([ALONE, ({0: 0}, {0: 2, 1: 0})], [0, 0], id="then the match of before"),
        pytest.param([ALONE, ({0: 0}, {0: 6, 1: 0})], [0, 1], id="unless it overlaps too little"),
        pytest.param([ALONE, MISSED, ({0: 0}, {0: 2, 1: 0})], [0, 1], id="or was lost in between"),
        pytest.param(
            [ALONE, UNANSWERED, ({0: 0}, {0: 2, 1: 0})],
            [0, 0],
            id="which a frame without results does not count as",
        ),
    ],
)
def test_the_match_of_the_frame_before_is_kept(
    scene: Scene, frames: Frames, result_ids: list[int]
) -> None:
    assert match(scene(*frames)).result_ids.tolist() == result_ids


@pytest.mark.parametrize(
    ("found", "mostly_tracked", "mostly_lost"),
    [
        pytest.param(5, 1, 0, id="always found"),
        pytest.param(4, 0, 0, id="found in 80 percent: not more"),
        pytest.param(1, 0, 0, id="found in 20 percent: not less"),
        pytest.param(0, 0, 1, id="never found"),
    ],
)
def test_lives_are_graded(scene: Scene, found: int, mostly_tracked: int, mostly_lost: int) -> None:
    counts = counted(scene(*[ALONE] * found, *[UNANSWERED] * (5 - found)))

    assert (counts.mostly_tracked, counts.mostly_lost) == (mostly_tracked, mostly_lost)


@pytest.mark.parametrize(
    ("frames", "mota", "motp"),
    [
        pytest.param([], 0, 0, id="nothing"),
        pytest.param([({}, {0: 90})], 0, 0, id="nobody there"),
        pytest.param([ALONE, ALONE], 1, 1, id="perfect"),
        pytest.param([ALONE, RENAMED, ALONE, UNANSWERED], 0.25, 1, id="two switches and a miss"),
        pytest.param([({0: 0}, {0: 90, 1: 70})], -2, 0, id="more false alarms than persons"),
        pytest.param([({0: 0}, {0: 2})], 1, 8 / 12, id="a shifted box"),
    ],
)
def test_scores(scene: Scene, frames: Frames, mota: float, motp: float) -> None:
    counts = counted(scene(*frames))

    assert counts.mota == pytest.approx(mota)
    assert counts.motp == pytest.approx(motp)
