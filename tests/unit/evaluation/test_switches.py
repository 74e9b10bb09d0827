from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from passerby.evaluation.clear import match
from passerby.evaluation.sequence import Sequence
from passerby.evaluation.switches import Cause, Switch, count_causes, explain_switches

Scene = Callable[..., Sequence]
Frame = tuple[dict[int, float], dict[int, float]]

BEFORE: Frame = ({0: 0}, {0: 0})
AFTER: Frame = ({0: 0}, {1: 0})


@pytest.mark.parametrize(
    ("gap", "cause"),
    [
        pytest.param([], "wrong match", id="seen all the time"),
        pytest.param([({0: 0}, {})], "missed", id="no result at all"),
        pytest.param([({0: 0}, {2: 50})], "missed", id="a result elsewhere"),
        pytest.param([({0: 0, 1: 6}, {})], "missed", id="less than half covered"),
        pytest.param([({0: 0, 1: 4}, {})], "occlusion", id="more than half covered"),
        pytest.param(
            [({0: 0}, {}), ({0: 0, 1: 4}, {}), ({0: 0}, {})], "occlusion", id="covered for a while"
        ),
        pytest.param([({}, {})], "absence", id="not there"),
        pytest.param([({}, {}), ({0: 0}, {})], "missed", id="not there, then missed"),
    ],
)
def test_the_gap_tells_the_cause(scene: Scene, gap: list[Frame], cause: Cause) -> None:
    sequence = scene(BEFORE, *gap, AFTER)

    found = explain_switches(sequence, match(sequence))

    assert found == [Switch(truth_id=0, last_frame=1, frame=2 + len(gap), cause=cause)]


@pytest.mark.parametrize(
    ("visibility", "cause"),
    [
        pytest.param(0.49, "occlusion", id="hidden by what the truth does not show"),
        pytest.param(0.5, "missed", id="half of it to be seen"),
    ],
)
def test_the_truth_may_know_of_the_occlusion(scene: Scene, visibility: float, cause: Cause) -> None:
    first, gap, last = scene(BEFORE, ({0: 0}, {}), AFTER).frames
    gap = replace(gap, visibility=np.array([visibility]))
    sequence = Sequence((first, gap, last), truth_person_count=1, result_person_count=2)

    assert [switch.cause for switch in explain_switches(sequence, match(sequence))] == [cause]


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([], id="nothing"),
        pytest.param([BEFORE, ({0: 0}, {}), BEFORE], id="found again under the same identity"),
    ],
)
def test_no_switch(scene: Scene, frames: list[Frame]) -> None:
    sequence = scene(*frames)

    assert explain_switches(sequence, match(sequence)) == []


def test_causes_are_counted_zero_included() -> None:
    switches = [Switch(0, 1, 2, "missed"), Switch(1, 5, 9, "missed"), Switch(0, 2, 3, "occlusion")]

    counts = count_causes(switches)

    assert counts == {"occlusion": 1, "missed": 2, "absence": 0, "wrong match": 0}
