import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

import pytest

from passerby.engine.ray_node import TELL_SECONDS, ProgressActor, observe_shard
from passerby.errors import EngineError
from passerby.processes.limits import NO_LIMITS

OURS = version("passerby")


@dataclass
class Remote:
    """A method of an actor, called at once."""

    remote: Callable[[int, float], None]


@dataclass
class RecordedProgress:
    """A `ProgressActor` as a node sees it, which keeps all it is told."""

    told: list[tuple[int, float]] = field(default_factory=list)

    @property
    def tell(self) -> Remote:
        return Remote(lambda number, fraction: self.told.append((number, fraction)))


class Clock:
    """Stands in for the module `time`: moves only when a test says so."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


CLOCK = Clock()
STEPS = 1024


def report_each_step(
    shard: int, report: Callable[[float], None], *, threads: int
) -> tuple[int, int]:
    """Take eight times as long as lies between two words."""
    for step in range(STEPS + 1):
        report(step / STEPS)
        CLOCK.seconds += 8 * TELL_SECONDS / STEPS
    return shard, threads


def test_a_node_does_the_work_and_reports_its_progress_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("passerby.engine.ray_node.time", CLOCK)
    shared_progress = RecordedProgress()
    payload = pickle.dumps((report_each_step, 7))

    result = observe_shard(OURS, payload, 3, 2, NO_LIMITS, shared_progress)

    assert result == (7, 2)
    assert shared_progress.told == [(3, eighth / 8) for eighth in range(9)]


def test_a_node_of_another_version_refuses_before_it_unpacks() -> None:
    with pytest.raises(EngineError, match=rf"has passerby {OURS}; .* planned by 0\.0\.7"):
        observe_shard("0.0.7", b"a pickle it could not read", 0, 1, NO_LIMITS, RecordedProgress())


def test_the_actor_keeps_the_last_fraction_of_each_shard() -> None:
    shared_progress = ProgressActor(3)

    for number, fraction in ((1, 0.25), (2, 1.0), (1, 0.5)):
        shared_progress.tell(number, fraction)

    assert shared_progress.fractions() == [0.0, 0.5, 1.0]
