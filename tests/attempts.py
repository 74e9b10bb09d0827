"""Count what is tried against servers, for the last lines of a run."""

from collections import Counter

#: Attempts by kind.
ATTEMPTS: Counter[str] = Counter()


def summary() -> str:
    """Say how often what was tried; "" where nothing was."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(ATTEMPTS.items()))
    return kinds and f"attempts: {kinds}"
