"""What `make docs` is made of, as far as that can be said without building it."""

import re
import tomllib
from pathlib import Path

from tools.docsite.staging import CONFIGURATION, ROOT, pages, stage


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def test_the_pages_are_laid_where_the_configuration_looks_for_them(tmp_path: Path) -> None:
    stage(tmp_path)

    project = tomllib.loads((tmp_path / "zensical.toml").read_text(encoding="utf-8"))["project"]
    for page, text in pages().items():
        assert (tmp_path / project["docs_dir"] / page).read_text(encoding="utf-8") == text
    assert (tmp_path / project["docs_dir"] / "figures" / "people.jpg").stat().st_size > 10_000


def test_no_font_is_fetched() -> None:
    project = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]

    assert project["theme"]["font"] is False


def test_the_site_is_built_with_what_the_package_is_run_with() -> None:
    run, docs = locked("run.txt"), locked("docs.txt")

    wrong = {name for name in run.keys() & docs.keys() if run[name] != docs[name]}
    assert not wrong
    assert {"numpy", "typer", "zensical"} <= docs.keys()
