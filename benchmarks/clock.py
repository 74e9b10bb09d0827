"""Clock processor time by stage; stages may lie within each other."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Costs = dict[str, float]  # stage → seconds of processor time


class StageClock:
    """Adds up time by stage; what a stage within another one takes is not the other's.

    For work of which one step is done at a time, in whichever thread.

    Parameters
    ----------
    now : callable
        Tells the time, seconds. Left out: the processor time of this process, of all its
        threads.
    """

    def __init__(self, now: Callable[[], float] = time.process_time) -> None:
        self.costs: Costs = defaultdict(float)
        self._now = now
        self._taken_within: list[float] = []  # seconds, for each of the stages under way

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block as a part of a stage."""
        began = self._now()
        self._taken_within.append(0.0)
        try:
            yield
        finally:
            taken = self._now() - began
            self.costs[name] += taken - self._taken_within.pop()
            if self._taken_within:
                self._taken_within[-1] += taken

    def time_calls(self, stage: str, work: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function so that each call counts as a part of a stage."""

        @wraps(work)
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            with self.stage(stage):
                return work(*args, **kwargs)

        return counted

    def time_steps(self, stage: str, items: Iterator[R]) -> Iterator[R]:
        """Yield the items, and count the making of each as a part of a stage."""
        step = self.time_calls(stage, items.__next__)
        while True:
            try:
                item = step()
            except StopIteration:
                return
            yield item


def add_costs(costs: Iterable[Costs]) -> Costs:
    """Add up several, stage by stage.

    Examples
    --------
    >>> add_costs([{"plan": 1.0}, {"plan": 0.5, "link": 2.0}])
    {'plan': 1.5, 'link': 2.0}
    """
    total: Costs = defaultdict(float)
    for one in costs:
        for stage, seconds in one.items():
            total[stage] += seconds
    return dict(total)
