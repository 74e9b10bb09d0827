"""Read the time of day; times that are stored are aware, in UTC."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Read the clock, as an aware time in UTC."""
    return datetime.now(UTC)
