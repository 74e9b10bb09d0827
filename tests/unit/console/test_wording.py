from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from passerby.console.facts import job_facts
from passerby.console.wording import duration, roughly, size
from passerby.jobs.job import Counts, Job, JobState
from passerby.records import Progress, Stage, VideoInfo

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"
JOB = Job(
    id="ab" * 32,
    account_id="000000000000",
    operation="StartPersonTracking",
    request={},
    source={"bucket": "cctv", "key": "a.mp4"},
    tag=None,
    state=JobState.QUEUED,
    progress=Progress(),
    status_message=None,
    video=None,
    counts=None,
    created_at=NOW,
    started_at=None,
    ended_at=None,
    attempt=0,
)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 3_723_400, "LIMITED")


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0:00"), (15_900, "0:16"), (60_000, "1:00"), (3_723_400, "1:02:03")],
)
def test_durations(milliseconds: int, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (979_200, "979.2 kB"), (10**10, "10 GB")],
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "2 h"), (2e5, "2 d")],
)
def test_rough_times(seconds: float, words: str) -> None:
    assert roughly(timedelta(seconds=seconds)) == words


def running(fraction: float, seconds: float) -> Job:
    progress = Progress(Stage.OBSERVING, fraction)
    began = NOW - timedelta(seconds=seconds)
    return replace(JOB, state=JobState.RUNNING, progress=progress, started_at=began)


@pytest.mark.parametrize(
    ("job", "detail", "found"),
    [
        pytest.param(JOB, "", "", id="waits"),
        pytest.param(running(0.04, 60), "4% · detecting people", "", id="hardly begun"),
        pytest.param(running(0.5, 2), "50% · detecting people", "", id="quick"),
        pytest.param(
            running(0.25, 60), "25% · detecting people · about 3 min left", "", id="under way"
        ),
        pytest.param(
            replace(JOB, state=JobState.FAILED, status_message="Damaged."), "Damaged.", "", id="bad"
        ),
        pytest.param(
            replace(JOB, state=JobState.SUCCEEDED, video=VIDEO, counts=Counts(1, 9)),
            "",
            "1 person in 1:02:03",
            id="one person",
        ),
        pytest.param(
            replace(JOB, state=JobState.SUCCEEDED, video=VIDEO, counts=Counts(1234, 9)),
            "",
            "1,234 people in 1:02:03",
            id="a crowd",
        ),
    ],
)
def test_facts_of_a_job(job: Job, detail: str, found: str) -> None:
    facts = job_facts(job, NOW)

    assert (facts["detail"], facts["found"]) == (detail, found)
