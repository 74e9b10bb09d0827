import json
from pathlib import Path

import pytest
from tools import advisories
from tools.advisories import Findings, ask, findings

# As pip-audit 2.10 writes it.
REPORT = {
    "dependencies": [
        {"name": "starlette", "version": "1.10.0", "vulns": []},
        {
            "name": "jinja2",
            "version": "2.4.1",
            "vulns": [
                {
                    "id": "PYSEC-2019-217",
                    "fix_versions": ["2.10.1"],
                    "aliases": [],
                    "description": "",
                },
                {"id": "PYSEC-2021-66", "fix_versions": [], "aliases": [], "description": ""},
            ],
        },
        {"name": "unheard-of", "skip_reason": "Dependency not found"},
    ],
    "fixes": [],
}


def test_advisories_and_what_was_not_looked_up() -> None:
    assert findings(json.dumps(REPORT)) == Findings(
        advisories=[
            "jinja2 2.4.1: PYSEC-2019-217, mended in 2.10.1",
            "jinja2 2.4.1: PYSEC-2021-66, mended in no release yet",
        ],
        looked_up=2,
        not_looked_up=1,
    )


def test_where_nobody_answers_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nothing listens
    path = tmp_path / "run.txt"
    path.write_text(f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    assert ask(path) is None


def test_an_answer_that_takes_too_long_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisories, "TIMEOUT_SECONDS", 0.01)

    assert ask(tmp_path / "run.txt") is None
