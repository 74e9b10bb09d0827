"""The time that each person was in the picture."""

from typing import NamedTuple

import numpy as np

from passerby.analytics.paths import Floats, Ints, Paths, sums


class Persons(NamedTuple):
    """Q persons, by index."""

    person: Ints  # (Q,)
    first_ms: Ints  # (Q,)
    last_ms: Ints  # (Q,)
    seconds: Floats  # (Q,) present, longer absences left out


def list_persons(paths: Paths) -> Persons:
    """List everybody who has a path."""
    person, first = np.unique(paths.person, return_index=True)
    last = np.append(first[1:], len(paths))[: len(person)] - 1
    member = np.searchsorted(person, paths.person)
    seconds = sums(paths.seconds, member, len(person))
    return Persons(person, paths.time_ms[first], paths.time_ms[last], seconds)
