from pathlib import Path

import pytest

from passerby.errors import FileFormatError
from passerby.replay.script import FaultRule, JobRule, Script, script_from

WHOLE = """
page_rows = 100
open_jobs = 2

[[jobs]]
video = "cctv/*"
tag = "slow*"
polls = 3
seconds = 1.5

[[jobs]]
failure = "Unsupported codec/format."

[[faults]]
code = "ThrottlingException"
operation = "GetPersonTracking"
after = 1
times = 2

[[keys]]
id = "testing"
secret = "testing"
videos = ["cctv/*"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "script.toml"


def test_a_whole_script(file: Path) -> None:
    file.write_text(WHOLE)

    script = script_from(file)

    assert script.job_rule("cctv/2026/street.mp4", "slowly") == JobRule(
        video="cctv/*", tag="slow*", polls=3, seconds=1.5
    )
    assert script.job_rule("cctv/street.mp4", None).failure == "Unsupported codec/format."
    assert script.faults == (
        FaultRule(code="ThrottlingException", operation="GetPersonTracking", after=1, times=2),
    )
    assert (script.keys[0].id, script.keys[0].account_id) == ("testing", "000000000000")
    assert (script.page_rows, script.open_jobs) == (100, 2)


def test_no_script(file: Path) -> None:
    script = script_from(file)

    assert script == Script()
    assert script.job_rule("cctv/street.mp4", None) == JobRule()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("[[jobs", "Expected .]]", id="no TOML"),
        pytest.param("pages = 1", "pages", id="an unknown name"),
        pytest.param("[[jobs]]\ndelay = 1", "delay", id="an unknown name in a table"),
        pytest.param("[[jobs]]\npolls = -1", r"\$\.jobs\[0\]\.polls", id="a negative count"),
        pytest.param("[[faults]]\ntimes = 1", "code", id="no code"),
        pytest.param("[[faults]]\ncode = 'Oops'", "no error 'Oops'", id="an unknown code"),
        pytest.param("page_rows = 1001", "page_rows", id="a long page"),
        pytest.param("[[keys]]\nid='a'\nsecret='b'\naccount_id='1'", "account_id", id="an account"),
    ],
)
def test_a_script_that_cannot_be_used(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)

    with pytest.raises(FileFormatError, match=f"(?s)script.toml.*{complaint}"):
        script_from(file)
