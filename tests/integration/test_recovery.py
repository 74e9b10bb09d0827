"""Processes that die or are sent away, and jobs that are ended, in the middle of the work."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.harness.clips import KINDS, make_clip
from tests.waiting import PATIENCE_SECONDS, wait_until

from .conftest import (
    SAMPLE,
    Service,
    alive,
    all_persons,
    done,
    ended,
    people_clip,
    serving,
    start,
)

LONG_FRAMES = 1920  # three minutes: no test here waits for the end of it


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server whose worker comes to harm."""
    with serving(tmp_path_factory.mktemp("troubled")) as running:
        people_clip(running.bucket / "long.mp4", LONG_FRAMES)
        yield running


def wait_for_work(service: Service, job_id: str) -> None:
    """Wait until some frames of the job's video have been analysed."""
    wait_until(lambda: service.job(job_id).progress.frames > 0)


def test_a_running_job_is_cancelled(troubled: Service) -> None:
    client = troubled.client()
    job_id = start(client, "long.mp4")
    wait_for_work(troubled, job_id)

    done("jobs", "cancel", job_id[:12], "--data", troubled.data)
    answer = ended(client, job_id)

    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "Cancelled on request.")
    cancelled = troubled.job(job_id)
    assert cancelled.state == "cancelled"
    assert cancelled.progress.frames < LONG_FRAMES


def test_a_killed_worker_is_replaced_and_its_job_done(troubled: Service, service: Service) -> None:
    shutil.copy(SAMPLE, troubled.bucket / "people.mp4")
    client, undisturbed = troubled.client(), service.client()
    job_id = start(client, "people.mp4")
    wait_for_work(troubled, job_id)
    (worker,) = troubled.workers()

    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not alive(worker))
    assert troubled.job(job_id).state == "running"
    wait_until(lambda: troubled.job(job_id).attempt == 2)

    assert ended(client, job_id)["JobStatus"] == "SUCCEEDED"
    assert troubled.job(job_id).attempt == 2
    assert troubled.workers() != [worker]
    other = start(undisturbed, "people.mp4")
    assert ended(undisturbed, other)["JobStatus"] == "SUCCEEDED"
    assert all_persons(client, job_id) == all_persons(undisturbed, other)


def test_a_job_survives_its_server(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        people_clip(first.bucket / "people.mp4", 50)
        people_clip(first.bucket / "long.mp4", LONG_FRAMES)
        client = first.client()
        running, waiting = start(client, "long.mp4"), start(client, "people.mp4")
        wait_for_work(first, running)
        workers = first.workers()
        assert first.stop() == 0
        assert not any(map(alive, workers))
        jobs = [first.job(job_id) for job_id in (running, waiting)]
        assert [job.state for job in jobs] == ["queued", "queued"]
    done("jobs", "cancel", running, "--data", tmp_path)

    with serving(tmp_path, keyless=True) as second:
        client = second.client(*list(first.environment.values())[:2])
        assert ended(client, waiting)["JobStatus"] == "SUCCEEDED"
        (worker,) = second.workers()
        assert second.stop(signal.SIGKILL) == -signal.SIGKILL
        wait_until(lambda: not alive(worker))


def tracking(video: Path, out: Path) -> subprocess.Popen[bytes]:
    """Follow the people in a video, in a session of its own."""
    command = [sys.executable, "-m", "passerby", "track", str(video), "--out", str(out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)


@pytest.mark.usefixtures("ctrl_c_heeded")
def test_a_video_given_up_with_ctrl_c(tmp_path: Path) -> None:
    clip = people_clip(tmp_path / "long.mp4", LONG_FRAMES)
    with tracking(clip, tmp_path) as process:
        wait_until((tmp_path / ".long.observations").exists)

        os.killpg(process.pid, signal.SIGINT)

        assert process.wait(PATIENCE_SECONDS) == 130
        assert process.stderr
        said = process.stderr.read()
    assert b"Traceback" not in said
    assert not list(tmp_path.glob("long.[!m]*"))


@pytest.fixture
def ctrl_c_ignored() -> Iterator[None]:
    """What is started does not hear Ctrl-C, as in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_ignored")
def test_whoever_was_started_to_ignore_ctrl_c_does(tmp_path: Path) -> None:
    clip = make_clip(KINDS[1], tmp_path)  # of several shards
    with tracking(clip, tmp_path) as process:
        wait_until((tmp_path / ".once.observations").exists)

        while process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.01)

        assert process.stderr
        assert process.returncode == 0, process.stderr.read()
    assert (tmp_path / "once.json").exists()
