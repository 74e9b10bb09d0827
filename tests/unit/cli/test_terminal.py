from datetime import UTC, datetime

import pytest

from passerby.cli import terminal
from passerby.jobs.job import Job, JobState
from passerby.records import Progress

NOW = datetime(2026, 12, 1, tzinfo=UTC)
# Clears the screen, begins a sequence in one byte, and turns the direction of the text.
HOSTILE = "a\x1b[2J\x9b31m\u202eb"
SHOWN = "a\\x1b[2J\\x9b31m\\u202eb"


def job_of(name: str) -> Job:
    return Job(
        id="0" * 64,
        account_id="0" * 12,
        operation="StartPersonTracking",
        request={},
        source={"bucket": "cctv", "key": name},
        tag=f"{name} [bold]",
        state=JobState.FAILED,
        attempt=1,
        progress=Progress(),
        status_message=name,
        video=None,
        counts=None,
        created_at=NOW,
        started_at=None,
        ended_at=NOW,
    )


def test_control_characters_of_names_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.out, "width", 400)
    job = job_of(HOSTILE)

    terminal.out.print(terminal.job_table(job, None))
    terminal.out.print(terminal.jobs_table([job], {}))
    terminal.out.print(HOSTILE, markup=False, highlight=False)

    printed = capsys.readouterr().out
    assert printed.count(SHOWN) == 6
    assert printed.count("[bold]") == 2
    assert not set("\x1b\x9b\u202e") & set(printed)


def test_a_line_break_in_a_name_begins_no_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.out, "width", 400)

    terminal.out.print(terminal.job_table(job_of("a\nstate  succeeded"), None))

    assert "cctv/a\\x0astate  succeeded" in capsys.readouterr().out
