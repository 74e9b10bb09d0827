from functools import partial
from pathlib import Path

import pytest

from passerby.bootstrap.engine import engine_of, run_on_cluster
from passerby.bootstrap.single_file import run_here
from passerby.bootstrap.storage import build_shelf
from passerby.cloud.observation_store import BucketShelf
from passerby.cloud.s3 import Place
from passerby.engine.local import Processes, run_shards
from passerby.engine.ray_messages import Cluster
from passerby.processes.limits import Limits
from passerby.settings import S3, S3Bucket, Settings

STORE = S3(
    endpoint_url="http://127.0.0.1:9000",
    path_style=True,
    buckets={"shared": S3Bucket(region="eu-west-1", name="site-7")},
)


def test_this_machine_runs_the_shards_unless_told_otherwise() -> None:
    engine = engine_of(Settings(processes=3))

    assert isinstance(engine, partial)
    assert (engine.func, engine.keywords) == (run_here, {"processes": 3, "run": run_shards})


def test_this_machine_runs_them_as_it_is_told() -> None:
    processes = Processes()

    engine = engine_of(Settings(), processes.run)

    assert isinstance(engine, partial)
    assert engine.keywords["run"] == processes.run


def test_a_cluster_runs_them_if_asked_for() -> None:
    chosen = Settings(
        engine="ray", ray_address="head:6379", device="cuda", ray_resources={"new": 1.0}
    )

    engine = engine_of(chosen, limits=Limits(2**30, 300.0))

    assert isinstance(engine, partial)
    wanted = Cluster("head:6379", {"GPU": 1.0, "new": 1.0}, limits=Limits(2**30, 300.0))
    assert (engine.func, engine.keywords) == (run_on_cluster, {"cluster": wanted})


@pytest.mark.parametrize(
    ("observations", "shelf"),
    [
        pytest.param(None, None, id="on this machine"),
        pytest.param("/mnt/seen", None, id="in a shared folder"),
        pytest.param(
            "s3://shared/seen",
            BucketShelf(Place(region="eu-west-1", bucket="site-7"), "shared", "seen/"),
            id="in a bucket with a table of its own",
        ),
        pytest.param(
            "s3://other",
            BucketShelf(Place("http://127.0.0.1:9000", path_style=True), "other", ""),
            id="in another one",
        ),
    ],
)
def test_where_observations_are_shared(
    tmp_path: Path, observations: str | None, shelf: BucketShelf | None
) -> None:
    assert build_shelf(Settings(data=tmp_path, s3=STORE, observations=observations)) == shelf
