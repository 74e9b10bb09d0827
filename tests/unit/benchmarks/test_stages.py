"""A staged run does what a usual one does, and its clocks leave little out."""

import os
from pathlib import Path

import pytest
from benchmarks import speed, waterfall
from benchmarks.footage import SAMPLE, repeat_video
from benchmarks.stages import STAGES, InlineExecutor, ObservedShard, started_cpu_s


def test_a_staged_run_gives_the_usual_results(tmp_path: Path) -> None:
    clip = repeat_video(SAMPLE, 2, tmp_path / "clip.mp4")
    usual, staged = tmp_path / "usual", tmp_path / "staged"
    usual.mkdir()
    staged.mkdir()

    speed.run(clip, usual, speed.RATE)
    run = waterfall.run(clip, staged)

    results = sorted(usual.iterdir())
    assert len(results) == 3
    for result in results:
        assert (staged / result.name).read_bytes() == result.read_bytes()
    assert all(run.costs[stage] > 0 for stage in STAGES if stage != "faces: mesh")
    assert 0 <= run.ms_per_frame["rest"] < 0.2 * sum(run.ms_per_frame.values())


def test_a_process_starts_once_and_this_one_not_again() -> None:
    def shard(process: int, began_cpu_s: float) -> ObservedShard:
        return ObservedShard(process, began_cpu_s, {})

    others = [shard(-1, 5.0), shard(-1, 0.5), shard(-2, 0.25), shard(os.getpid(), 9.0)]

    assert started_cpu_s(others) == 0.75
    assert started_cpu_s([]) == 0


def test_work_is_done_before_it_is_asked_after() -> None:
    done: list[int] = []

    future = InlineExecutor().submit(done.append, 1)

    assert done == [1]
    assert future.result() is None
    with pytest.raises(ValueError, match="invalid literal"):
        InlineExecutor().submit(int, "x")
