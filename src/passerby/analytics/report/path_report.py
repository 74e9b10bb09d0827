"""The numbers of a report on one video."""

from dataclasses import dataclass

from passerby.analytics import occupancy
from passerby.analytics.flow import Flow, flow_of
from passerby.analytics.grid import CELLS_ACROSS, Grid
from passerby.analytics.heat import heat_of
from passerby.analytics.occupancy import Counts
from passerby.analytics.paths import Floats, paths_of
from passerby.analytics.persons import Persons, persons_of
from passerby.analytics.places import Places
from passerby.analytics.report.plots import step_for
from passerby.analytics.summary import Summary, summary_of
from passerby.records import Sightings, VideoInfo

# An arrow needs room, and the mean of a few persons at the least.
FLOW_CELLS_ACROSS = CELLS_ACROSS // 2


@dataclass(frozen=True)
class PathReport:
    """The counts at some places of one video."""

    name: str
    video: VideoInfo
    places: Places
    summary: Summary
    persons: Persons
    step_ms: int  # of counts and plots over time
    counts: Counts
    heat: Floats  # (rows, columns) seconds, in cells of `heat_grid`
    heat_grid: Grid
    flow: Flow
    flow_grid: Grid

    @property
    def until_ms(self) -> int:
        """End of the last step of time."""
        return self.step_ms * len(self.counts.start_ms)


def compute_report(name: str, sightings: Sightings, video: VideoInfo, places: Places) -> PathReport:
    """Count everything once."""
    paths = paths_of(sightings, places.joined_ms, (video.width, video.height))
    until_ms = max(video.duration_ms, int(sightings.timestamp_ms.max(initial=0)) + 1)
    step_ms = step_for(until_ms)
    heat_grid = Grid(video.width, video.height, CELLS_ACROSS)
    flow_grid = Grid(video.width, video.height, FLOW_CELLS_ACROSS)
    return PathReport(
        name=name,
        video=video,
        places=places,
        summary=summary_of(paths, places),
        persons=persons_of(paths),
        step_ms=step_ms,
        counts=occupancy.counts_over_time(sightings, step_ms, until_ms),
        heat=heat_of(paths, heat_grid),
        heat_grid=heat_grid,
        flow=flow_of(paths, flow_grid),
        flow_grid=flow_grid,
    )
