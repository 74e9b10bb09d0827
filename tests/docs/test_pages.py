"""The documents as they are read in the repository and on the site; no site is built."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.docsite import links
from tools.docsite.staging import (
    NOTEBOOKS,
    REFERENCES,
    ROOT,
    assets,
    documents,
    navigation,
    notebook_pages,
    pages,
    pitfalls,
    repository_path,
)
from typer.testing import CliRunner

from passerby.cli.app import app

DOCUMENTS = sorted({*documents(), "README.md"})


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    return {links.anchor(title) for title in links.headings(text)}


def cells(notebook: Path, kind: str) -> list[str]:
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def commands(text: str) -> Iterator[list[str]]:
    """Arguments of each call of passerby in a code block that shows a terminal."""
    for block in links.FENCE.finditer(text):
        for line in block[0].replace("\\\n", " ").splitlines():
            typed = re.split(r" (?:\||>|&|;)", line.strip().partition("$ ")[2])[0]
            words = shlex.split(typed, comments=True)
            if words and Path(words[0]).name == "passerby":
                yield words[1:]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_a_document_lead_somewhere(name: str) -> None:
    within = [link for link in links.links(text_of(name)) if not link.elsewhere]
    for link in within:
        target = repository_path(name, link.path) if link.path else name
        assert (ROOT / target).exists(), f"{name}: {link.target}"
        if link.anchor:
            assert link.anchor in anchors(text_of(target)), f"{name}: {link.target}"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_links_of_a_notebook_lead_somewhere(notebook: Path) -> None:
    for text in cells(notebook, "markdown"):
        for link in links.links(text):
            assert link.elsewhere or (notebook.parent / link.path).exists()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs_and_can_be_read(notebook: Path) -> None:
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    for code in cells(notebook, "code"):
        compile(code, notebook.name, "exec")


def test_links_between_the_pages_of_the_site_resolve() -> None:
    texts = pages()
    files = texts.keys() | set(assets().values()) | set(notebook_pages().values())
    for page, text in texts.items():
        for link in links.links(text):
            if link.elsewhere:
                continue
            target = repository_path(page, link.path) if link.path else page
            assert target in files, f"{page}: {link.target}"
            if link.anchor:
                assert link.anchor in anchors(texts[target]), f"{page}: {link.target}"


def test_the_navigation_has_each_page_once() -> None:
    expected = [*documents().values(), *REFERENCES, *notebook_pages().values()]

    assert sorted(navigation()) == sorted(expected)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_reads_alike_in_both_places(name: str) -> None:
    assert pitfalls(text_of(name)) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_loads_nothing_from_elsewhere(name: str) -> None:
    assert not [link.target for link in links.links(text_of(name)) if link.image and link.elsewhere]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_command_that_is_shown_is_one(name: str) -> None:
    for arguments in commands(text_of(name)):
        # Unknown commands and options are refused before any help is given.
        asked = CliRunner().invoke(app, [*arguments, "--help"])

        assert asked.exit_code == 0, asked.output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# A\n\n- one\n- two\n", False),
        ("Text:\n\n- one\n  goes on\n- two\n", False),
        ("1. one\n\n    ```\n    code\n    ```\n\n2. two\n", False),
        ("Text:\n- one\n", True),
        ("1. one\n\n   more of it\n", True),
        ("- one\n  - one of one\n", True),
    ],
)
def test_what_is_a_pitfall(text: str, complaint: bool) -> None:  # noqa: FBT001
    assert bool(pitfalls(text)) is complaint
