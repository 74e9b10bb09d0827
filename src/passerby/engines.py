"""What runs the planning and the shards of a video: this machine, or a Ray cluster."""

from collections.abc import Callable
from functools import partial

from passerby import logs
from passerby.engine.local import Processes, run_shards
from passerby.engine.ray_cluster import run_shards as run_on_cluster
from passerby.engine.ray_messages import Cluster
from passerby.pathing.analysis import RunPlan, RunShards
from passerby.pathing.plan import Plan, Report
from passerby.settings import Settings
from passerby.single_file import RunProcesses, run_here


def engine_of(settings: Settings, run: RunProcesses = run_shards) -> RunShards:
    """The engine that the settings name; `run` is how this machine runs shards."""
    if settings.engine == "ray":
        return partial(run_on_cluster, cluster=Cluster(settings.ray_address, settings.ray_demands))
    return partial(run_here, processes=settings.processes, run=run)


def plan_runner(processes: Processes) -> RunPlan:
    """Plan in a process of its own, which logs as this one does."""

    def run(work: Callable[[Report], Plan], on_tick: Callable[[], None]) -> Plan:
        return processes.call(logs.surroundings().around(work), on_tick)

    return run
