"""Bar plots over time: SVG between labels in HTML, so that they are legible at any width."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.analytics.paths import MS_PER_S

# Steps of time that people think in, milliseconds.
STEPS_MS = (200, 500, *(s * MS_PER_S for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)))
HOUR_MS = 3600 * MS_PER_S
MAX_BARS = 200
SHORT_MS = 60 * MS_PER_S

Numbers = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class Plot:
    """Bars over time, laid out in units of one bar and of what is counted."""

    title: str
    width: int  # number of bars
    height: str
    ground: float  # where the bars stand, from the top
    bars: str  # SVG path
    bars_below: str | None  # SVG path of the bars that hang
    heights: tuple[str, str]  # labels of the highest bar, and of the ground or the lowest one
    times: list[str]  # labels from the first time to the last


def step_for(duration_ms: int) -> int:
    """Choose the shortest usual step that a plot has room for, milliseconds."""
    for step in STEPS_MS:
        if duration_ms <= step * MAX_BARS:
            return step
    return HOUR_MS * -(-duration_ms // (HOUR_MS * MAX_BARS))


def bar_plot(title: str, values: Numbers, until_ms: int, below: Numbers | None = None) -> Plot:
    """Lay out bars side by side over time; those of `below` hang from the same ground.

    Parameters
    ----------
    title : str
    values : (T,) at least 0
    until_ms : int
        Where the last bar ends.
    below : (T,) at least 0, optional
    """
    top = max(1.0, float(values.max(initial=0)))
    depth = 0.0 if below is None else max(1.0, float(below.max(initial=0)))
    return Plot(
        title=title,
        width=len(values),
        height=_four_digits(top + depth),
        ground=top,
        bars=_bars(values, top, -1),
        bars_below=None if below is None else _bars(below, top, 1),
        heights=(_four_digits(top), _four_digits(depth) if depth else "0"),
        times=_time_labels(until_ms),
    )


def _bars(values: Numbers, ground: float, direction: int) -> str:
    """Draw one SVG path for all bars that have a height."""
    return "".join(
        f"M{at} {_four_digits(ground)}v{_four_digits(direction * values[at])}"
        f"h1V{_four_digits(ground)}z"
        for at in np.flatnonzero(values)
    )


def clock(time_ms: int) -> str:
    """Write a time of the video, to the second.

    Examples
    --------
    >>> clock(4_250), clock(83_000), clock(3_723_000)
    ('0:04', '1:23', '1:02:03')
    """
    minutes, seconds = divmod(time_ms // MS_PER_S, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _time_labels(until_ms: int) -> list[str]:
    """Write times from the first to the last; in seconds where the whole is short."""
    quarters = [until_ms * part // 4 for part in range(5)]
    if until_ms >= SHORT_MS:
        return [clock(time_ms) for time_ms in quarters]
    return [f"{time_ms / MS_PER_S:.4g} s" for time_ms in quarters]


def _four_digits(value: float) -> str:
    return f"{value:.4g}"
