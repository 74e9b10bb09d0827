from passerby.bootstrap.engine import build_executor
from passerby.engine.local import LocalExecutor, ProcessPool
from passerby.engine.ray_cluster import RayExecutor
from passerby.engine.ray_messages import Cluster
from passerby.processes.limits import Limits
from passerby.settings import Settings


def test_this_machine_runs_the_shards_unless_told_otherwise() -> None:
    assert isinstance(build_executor(Settings()), LocalExecutor)


def test_a_cluster_runs_them_if_asked_for_within_the_limits_of_the_pool() -> None:
    chosen = Settings(
        engine="ray", ray_address="head:6379", device="cuda", ray_resources={"new": 1.0}
    )

    executor = build_executor(chosen, ProcessPool(Limits(2**30, 300.0)))

    assert isinstance(executor, RayExecutor)
    wanted = Cluster("head:6379", {"GPU": 1.0, "new": 1.0}, limits=Limits(2**30, 300.0))
    assert executor.cluster == wanted
