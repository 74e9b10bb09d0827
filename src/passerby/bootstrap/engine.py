"""What runs the planning and the shards of a video: this machine, or a Ray cluster."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from passerby import logs
from passerby.bootstrap.single_file import RunProcesses, run_here
from passerby.engine import ray_cluster
from passerby.engine.local import Processes, run_shards
from passerby.engine.ray_messages import Cluster
from passerby.pathing.analysis import RunPlan, RunShards, ShardWork
from passerby.pathing.plan import Plan, Report, Shard
from passerby.processes.limits import NO_LIMITS, Limits
from passerby.settings import Settings


def engine_of(
    settings: Settings, run: RunProcesses = run_shards, limits: Limits = NO_LIMITS
) -> RunShards:
    """The engine that the settings name.

    `run` is how this machine runs shards, `limits` what each may take on another one.
    """
    if settings.engine == "ray":
        cluster = Cluster(settings.ray_address, settings.ray_demands, limits=limits)
        return partial(run_on_cluster, cluster=cluster)
    return partial(run_here, processes=settings.processes, run=run)


def run_on_cluster(
    work: ShardWork,
    shards: Sequence[Shard],
    on_progress: Callable[[int, float], None],
    *,
    cluster: Cluster,
) -> list[Path]:
    """Run shards on a cluster, whose nodes log as this process does."""
    observe = logs.current_log_settings().wrap(work)
    return ray_cluster.run_shards(observe, shards, on_progress, cluster=cluster)


def plan_runner(processes: Processes) -> RunPlan:
    """Plan in a process of its own, which logs as this one does."""

    def run(work: Callable[[Report], Plan], on_tick: Callable[[], None]) -> Plan:
        return processes.call(logs.current_log_settings().wrap(work), on_tick)

    return run
