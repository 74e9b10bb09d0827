"""Shards on a real Ray cluster of two nodes, one of which is lost."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.testing import write_clip

from .conftest import done, people
from .ray_cluster import ADDRESS, ENVIRONMENT, Namespaces, TwoNodes, can_be_held, running

pytestmark = pytest.mark.skipif(
    not can_be_held(), reason="needs Ray, and the right to make namespaces"
)

PROGRAM = """
import json, multiprocessing, sys
from pathlib import Path
import ray_work
from passerby import logs
from passerby.processes.limits import NO_LIMITS, Limits
from passerby.engine.ray_messages import Cluster
from passerby.engine.local import LocalExecutor
from passerby.engine.ray_cluster import RayExecutor
from passerby.errors import JobCancelled

address, name, stop = sys.argv[1], sys.argv[2], Path(sys.argv[3])
shards, demands = map(json.loads, sys.argv[4:])

def heed(number, fraction):
    if name == "double" and fraction >= 0.5 and not stop.exists():
        multiprocessing.active_children()[0].kill()
        stop.touch()
    if name == "never_report" and stop.exists():
        raise JobCancelled

if __name__ == "__main__":
    may_stall = 5.0 if name == "stand_still_on_zero" else None
    limits = Limits(700 * 1024**2, may_stall) if name.endswith("_on_zero") else NO_LIMITS
    cluster = Cluster(address, demands, patience_s=3.0, limits=limits)
    logs.configure("json", "info")
    try:
        with logs.context(job_id="5d0c"):
            executor = RayExecutor(cluster, LocalExecutor())
            print(executor.map(getattr(ray_work, name), shards, heed))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoNodes]:
    # The paths of Ray's sockets must stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="ray-") as folder, running(Path(folder)) as nodes:
        yield nodes


@pytest.fixture
def stop(tmp_path: Path) -> Path:
    return tmp_path / "stop"


def start_program(
    node: Namespaces,
    name: str,
    shards: Sequence[object],
    stop: Path,
    demands: dict[str, float] | None = None,
) -> subprocess.Popen[str]:
    """A program that has shards run, on a machine of the cluster."""
    asked = (json.dumps(shards), json.dumps(demands or {}))
    command = node.inside(sys.executable, "-c", PROGRAM, ADDRESS, name, stop, *asked)
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def output_of(program: subprocess.Popen[str]) -> str:
    return program.communicate(timeout=PATIENCE_SECONDS)[0].strip()


def at_work(*nodes: Namespaces) -> list[int]:
    """Processes that observe shards."""
    return [one for node in nodes for one in node.processes("ray::observe_shard")]


def test_results_come_in_order_though_the_driver_was_killed(cluster: TwoNodes, stop: Path) -> None:
    shards = [(number, str(stop)) for number in (3, 1, 2)]  # done once the driver was killed

    assert output_of(start_program(cluster.head, "double", shards, stop)) == "[6, 2, 4]"
    assert stop.exists()
    lines = [json.loads(line) for line in cluster.errors().splitlines() if "doubling" in line]
    assert len(lines) >= 3
    assert {line["job_id"] for line in lines} == {"5d0c"}


@pytest.mark.parametrize(
    ("name", "demands", "expected"),
    [
        pytest.param(
            "die_on_zero", {}, "EngineError: .* shard 0 .* killed 3 times", id="a deadly shard"
        ),
        pytest.param(
            "refuse_zero", {}, "UnsupportedVideo: Unsupported codec/format", id="a bad video"
        ),
        pytest.param(
            "stand_still_on_zero",
            {},
            r"EngineError: The analysis of shard 0 of the video made no progress for 5 seconds\.",
            id="a shard that stands still",
        ),
        pytest.param(
            "take_memory_on_zero",
            {},
            r"EngineError: The analysis of shard 0 of the video took more than 700 MiB of memory\.",
            id="a shard that takes much memory",
        ),
        pytest.param(
            "never_report", {"GPU": 1}, "EngineError: No node .* CPU 1, GPU 1", id="no GPU"
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    cluster: TwoNodes, stop: Path, name: str, demands: dict[str, float], expected: str
) -> None:
    program = start_program(cluster.head, name, [0, 1], stop, demands)

    assert re.match(expected, output_of(program))
    wait_until(lambda: not at_work(cluster.head, cluster.other))


def test_both_nodes_stop(cluster: TwoNodes, stop: Path) -> None:
    program = start_program(cluster.head, "never_report", [1, 2], stop)
    wait_until(lambda: bool(at_work(cluster.head)) and bool(at_work(cluster.other)))

    stop.touch()

    wait_until(lambda: not at_work(cluster.head, cluster.other))
    assert output_of(program) == "JobCancelled: Cancelled on request."


def test_a_video_outlives_a_node_and_the_results_are_those_of_one_machine(
    cluster: TwoNodes, tmp_path: Path
) -> None:
    # So slow that a quarter of the pictures fills a shard.
    clip = write_clip(tmp_path / "clip.mp4", people(100), rate=Fraction(1, 2))
    engine = ("--engine", "ray", "--ray-address", ADDRESS)
    track = ("-m", "passerby", "track", clip, "--out", tmp_path / "ray", *engine)
    command = cluster.head.inside(sys.executable, *track)

    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as driver:
        wait_until(lambda: bool(at_work(cluster.other)))
        cluster.other.end()
        assert not list((tmp_path / "ray").glob(".clip.observations/*.parquet"))
        notes = driver.communicate(timeout=PATIENCE_SECONDS)[1]
    assert driver.returncode == 0, notes
    assert "begins anew: its node was lost" in notes
    done("track", clip, "--out", tmp_path / "local")

    written = {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}
    assert sorted(written) == ["clip.json", "clip.parquet", "clip.txt"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "ray").iterdir()} == written
