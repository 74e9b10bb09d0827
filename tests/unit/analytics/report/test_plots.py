import numpy as np
import pytest

from passerby.analytics.report.plots import MAX_BARS, bar_plot, step_for


@pytest.mark.parametrize(
    ("duration_ms", "step_ms"),
    [
        (0, 200),
        (40_000, 200),
        (40_001, 500),
        (18_000, 200),
        (600_000, 5_000),
        (6 * 3_600_000, 120_000),
        (24 * 3_600_000, 600_000),
        (100 * 3_600_000, 1_800_000),
        (100 * 3_600_000 + 1, 3_600_000),
        (1000 * 3_600_000, 5 * 3_600_000),
    ],
)
def test_the_step_of_a_plot(duration_ms: int, step_ms: int) -> None:
    assert step_for(duration_ms) == step_ms
    assert duration_ms <= step_ms * MAX_BARS


def test_bars_stand_and_hang_in_their_steps() -> None:
    plot = bar_plot("Door", np.array([0, 3, 0, 1]), 80_000, np.array([2, 0, 0, 0]))

    assert (plot.width, plot.height, plot.ground) == (4, "5", 3.0)
    assert plot.bars == "M1 3v-3h1V3zM3 3v-1h1V3z"
    assert plot.bars_below == "M0 3v2h1V3z"


def test_a_plot_of_nothing_has_a_height() -> None:
    plot = bar_plot("Door", np.array([0, 0]), 80_000)

    assert (plot.height, plot.bars, plot.bars_below) == ("1", "", None)


def test_times_and_heights_are_labelled() -> None:
    plot = bar_plot("Door", np.array([0.0, 2.5]), 80_000)

    assert plot.heights == ("2.5", "0")
    assert plot.times == ["0:00", "0:20", "0:40", "1:00", "1:20"]
    assert bar_plot("Door", np.array([0.0]), 20_000).times[1] == "5 s"
