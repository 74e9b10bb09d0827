"""A staged run does what a usual one does, and its clocks leave little out."""

import os
from pathlib import Path

import pytest
from benchmarks import speed, stages
from benchmarks.footage import SAMPLE, repeated
from benchmarks.staged_run import STAGES, InlineExecutor, Observed, started_cpu_s
from benchmarks.stages import StagedRun, stages_table


def test_a_staged_run_gives_the_usual_results(tmp_path: Path) -> None:
    clip = repeated(SAMPLE, 2, tmp_path / "clip.mp4")
    usual, staged = tmp_path / "usual", tmp_path / "staged"
    usual.mkdir()
    staged.mkdir()

    speed.run(clip, usual, speed.RATE)
    run = stages.run(clip, staged)

    results = sorted(usual.iterdir())
    assert len(results) == 3
    for result in results:
        assert (staged / result.name).read_bytes() == result.read_bytes()
    assert all(run.costs[stage] > 0 for stage in STAGES if stage != "faces: mesh")
    assert 0 <= run.ms_per_frame["rest"] < 0.2 * sum(run.ms_per_frame.values())


def test_the_rest_is_what_no_clock_covers() -> None:
    run = StagedRun(frames=10, cpu_s=2.0, costs={"detect": 1.0, "start": 0.75})

    assert list(run.ms_per_frame) == [*STAGES, "rest"]
    assert {stage: ms for stage, ms in run.ms_per_frame.items() if ms} == {
        "detect": 100,
        "start": 75,
        "rest": 25,
    }


def test_the_table_has_a_column_a_clip_and_ends_with_the_usual_run() -> None:
    street = StagedRun(frames=10, cpu_s=2.0, costs={"detect": 1.0})
    square = StagedRun(frames=100, cpu_s=4.0, costs={"detect": 3.0})

    lines = stages_table({"street": (street, 1.8), "square": (square, 4.4)}).splitlines()

    assert lines[0] == "| ms a frame | street | square |"
    assert lines[2] == "| detect | 100.0 | 30.0 |"
    assert lines[-3:] == [
        "| rest | 100.0 | 10.0 |",
        "| all | 200.0 | 40.0 |",
        "| a usual run | 180.0 | 44.0 |",
    ]


def test_a_process_starts_once_and_this_one_not_again() -> None:
    def shard(process: int, began_cpu_s: float) -> Observed:
        return Observed(Path(), process, began_cpu_s, {})

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
