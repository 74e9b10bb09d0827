import socket
from collections.abc import Callable

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.engine import ray_cluster
from passerby.engine.ray_cluster import map_on_cluster
from passerby.engine.ray_messages import Cluster
from passerby.errors import EngineError, JobCancelled


def unheard(_number: int, _fraction: float) -> None:
    pass


def untouched(_shard: int, _report: Callable[[float], None], *, threads: int) -> int:
    raise AssertionError(threads)


def test_no_shards_need_no_cluster() -> None:
    nowhere = Cluster("127.0.0.1:1")

    assert map_on_cluster(untouched, [], unheard, cluster=nowhere) == []


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:0", "no such host:6379"])
def test_an_address_where_nobody_listens_is_named(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_cluster, "SILENCE_SECONDS", PATIENCE_SECONDS)  # to load Ray

    with pytest.raises(EngineError, match=f"no Ray cluster at {address}"):
        map_on_cluster(untouched, [1], unheard, cluster=Cluster(address))


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "find_spec", lambda _name: None)

    with pytest.raises(EngineError, match=r"pip install 'passerby\[ray\]'"):
        map_on_cluster(untouched, [1], unheard, cluster=Cluster("127.0.0.1:1"))


def test_whoever_listens_there_but_never_answers_can_be_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_cluster, "SILENCE_SECONDS", 4.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        cluster = Cluster(f"127.0.0.1:{mute.getsockname()[1]}")

        with pytest.raises(EngineError, match="does not answer"):
            map_on_cluster(untouched, [1], unheard, cluster=cluster)


def test_while_it_connects_it_can_be_cancelled() -> None:
    pytest.importorskip("ray")

    def cancel(_number: int, _fraction: float) -> None:
        raise JobCancelled

    with socket.create_server(("127.0.0.1", 0)) as mute:
        cluster = Cluster(f"127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(JobCancelled):
            map_on_cluster(untouched, [1], cancel, cluster=cluster)
