"""All samples, by what is odd about them."""

from collections.abc import Iterator
from itertools import chain

from . import clocks, harm, matrix, shapes, traps
from .sample import Sample


def samples() -> Iterator[Sample]:
    """Every sample of the corpus; made one by one as they are looked at."""
    return chain(*(kind.samples() for kind in (shapes, clocks, harm, traps, matrix)))
