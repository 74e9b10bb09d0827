"""Choose how videos are analysed, and what runs their shards: this machine, or a Ray cluster."""

from passerby.engine.local import LocalExecutor, ProcessPool
from passerby.engine.ray_cluster import RayExecutor
from passerby.engine.ray_messages import Cluster
from passerby.pathing.executor import Executor
from passerby.pathing.plan import Options
from passerby.processes.limits import NO_LIMITS
from passerby.settings import Settings


def build_executor(settings: Settings, pool: ProcessPool | None = None) -> Executor:
    """Build the executor that the settings name.

    `pool` has the processes of this machine; its limits hold on the nodes of a cluster, too.
    """
    local = LocalExecutor(settings.processes, pool)
    if settings.engine == "local":
        return local
    limits = pool.limits if pool else NO_LIMITS
    cluster = Cluster(settings.ray_address, settings.ray_demands, limits=limits)
    return RayExecutor(cluster, local)


def analysis_options(settings: Settings) -> Options:
    """How the settings have videos analysed, whatever their length."""
    return Options(
        runtime=settings.runtime,
        device=settings.device,
        with_faces=settings.face_attributes != "none",
        confidence=settings.confidence,
        strict=settings.strict,
        most_lost=settings.most_lost,
    )
