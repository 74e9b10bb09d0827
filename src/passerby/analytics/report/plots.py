"""Plots over time, as SVG between labels in HTML, so that they are read at any width."""

import numpy as np
from numpy.typing import NDArray

from passerby.analytics.paths import MS_PER_S
from passerby.analytics.report.markup import Markup, tag

# Steps of time that people think in, milliseconds.
STEPS_MS = (200, 500, *(s * MS_PER_S for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)))
HOUR_MS = 3600 * MS_PER_S
MOST_BARS = 200
SHORT_MS = 60 * MS_PER_S

Numbers = NDArray[np.float64] | NDArray[np.int64]


def step_for(duration_ms: int) -> int:
    """The shortest usual step that a plot has room for, milliseconds."""
    for step in STEPS_MS:
        if duration_ms <= step * MOST_BARS:
            return step
    return HOUR_MS * -(-duration_ms // (HOUR_MS * MOST_BARS))


def bars(title: str, values: Numbers, until_ms: int, below: Numbers | None = None) -> Markup:
    """Bars side by side over time; those of `below` hang from the same ground.

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
    shapes = [_row(values, top, -1, "bar")]
    if below is not None:
        shapes.append(_row(below, top, 1, "bar below"))
    shapes.append(tag("line", x1=0, x2=len(values), y1=top, y2=top, class_="ground"))
    drawing = tag(
        "svg",
        *shapes,
        viewBox=f"0 0 {len(values)} {_short(top + depth)}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{title}: at most {_short(top)} at a time",
    )
    heights = [tag("span", _short(top)), tag("span", _short(depth) if depth else "0")]
    times = [tag("span", time) for time in _labels(until_ms)]
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", tag("div", *heights, class_="heights"), drawing, class_="plot"),
        tag("div", *times, class_="times"),
    )


def _row(values: Numbers, ground: float, direction: int, kind: str) -> Markup:
    """One path for all bars that have a height."""
    tall = np.flatnonzero(values)
    drawn = (
        f"M{at} {_short(ground)}v{_short(direction * values[at])}h1V{_short(ground)}z"
        for at in tall
    )
    return tag("path", d="".join(drawn), class_=kind)


def clock(time_ms: int) -> str:
    """A time of the video, to the second.

    Examples
    --------
    >>> clock(4_250), clock(83_000), clock(3_723_000)
    ('0:04', '1:23', '1:02:03')
    """
    minutes, seconds = divmod(time_ms // MS_PER_S, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _labels(until_ms: int) -> list[str]:
    """Times from the first to the last; in seconds where the whole is short."""
    quarters = [until_ms * part // 4 for part in range(5)]
    if until_ms >= SHORT_MS:
        return [clock(time_ms) for time_ms in quarters]
    return [f"{time_ms / MS_PER_S:.4g} s" for time_ms in quarters]


def _short(value: float) -> str:
    return f"{value:.4g}"
