"""The numbers of a report on one video."""

from dataclasses import dataclass

from passerby.analytics import occupancy
from passerby.analytics.anchors import AnchoredPaths
from passerby.analytics.flow import Flow, compute_flow
from passerby.analytics.grid import CELLS_ACROSS, Grid
from passerby.analytics.heat import compute_heat
from passerby.analytics.occupancy import OccupancyCounts
from passerby.analytics.paths import Floats
from passerby.analytics.persons import Persons, list_persons
from passerby.analytics.places import Places
from passerby.analytics.report.plots import step_for
from passerby.analytics.summary import Summary, summarise_paths
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
    counts: OccupancyCounts
    heat: Floats  # (rows, columns) seconds, in cells of `heat_grid`
    heat_grid: Grid
    flow: Flow
    flow_grid: Grid

    @property
    def until_ms(self) -> int:
        """End of the last step of time."""
        return self.step_ms * len(self.counts.start_ms)


def compute_report(name: str, sightings: Sightings, video: VideoInfo, places: Places) -> PathReport:
    """Count everything that a report shows."""
    anchored = AnchoredPaths(sightings, places.joined_ms, (video.width, video.height))
    paths = anchored.by(places.anchor)
    until_ms = max(video.duration_ms, int(sightings.timestamp_ms.max(initial=0)) + 1)
    step_ms = step_for(until_ms)
    heat_grid = Grid(video.width, video.height, CELLS_ACROSS)
    flow_grid = Grid(video.width, video.height, FLOW_CELLS_ACROSS)
    return PathReport(
        name=name,
        video=video,
        places=places,
        summary=summarise_paths(anchored, places),
        persons=list_persons(paths),
        step_ms=step_ms,
        counts=occupancy.counts_over_time(sightings, step_ms, until_ms),
        heat=compute_heat(paths, heat_grid),
        heat_grid=heat_grid,
        flow=compute_flow(paths, flow_grid),
        flow_grid=flow_grid,
    )
