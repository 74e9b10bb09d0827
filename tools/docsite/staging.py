"""What the site's pages are: documents of the repository, and references made from code.

A document reads well in both places. Its links are those of the repository; on the site a
link to a source file leads to the reference made from it, or is no link.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tools.docsite import links
from tools.docsite.command_reference import command_page
from tools.docsite.python_reference import python_page
from tools.docsite.settings_reference import settings_page
from tools.docsite.wire_reference import wire_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIGURATION = DOCS / "site.toml"
NOTEBOOKS = sorted(DOCS.glob("notebooks/*.ipynb"))

# Documents that lie elsewhere, and where on the site they are.
BESIDE = {
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "figures.md",
}
REFERENCES = {
    "reference/python.md": python_page,
    "reference/commands.md": command_page,
    "reference/settings.md": settings_page,
    "reference/operations.md": wire_page,
}
# Source files that a page of the site stands for.
STANDS_FOR = {
    "README.md": "index.md",
    "src/passerby/__init__.py": "reference/python.md",
    "src/passerby/client.py": "reference/python.md",
    "src/passerby/errors.py": "reference/python.md",
    "src/passerby/records.py": "reference/python.md",
    "src/passerby/cli/app.py": "reference/commands.md",
    "src/passerby/settings.py": "reference/settings.md",
    "src/passerby/api/service_model.json": "reference/operations.md",
}


def documents() -> dict[str, str]:
    """Page of the site by file of the repository."""
    own = {path.relative_to(ROOT).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
    return {name: path.relative_to(DOCS).as_posix() for name, path in own.items()} | BESIDE


def assets() -> dict[str, str]:
    """File of the site by file of the repository: pictures, style sheets."""
    files = (path for path in sorted(DOCS.rglob("*")) if path.is_file())
    other = (path for path in files if path.suffix in {".svg", ".png", ".jpg", ".css", ".js"})
    return {path.relative_to(ROOT).as_posix(): path.relative_to(DOCS).as_posix() for path in other}


def notebook_pages() -> dict[str, str]:
    """Page of the site by notebook of the repository."""
    return {
        path.relative_to(ROOT).as_posix(): path.relative_to(DOCS).with_suffix(".md").as_posix()
        for path in NOTEBOOKS
    }


def pages() -> dict[str, str]:
    """Text of each page but those of the notebooks, by its place on the site."""
    written = {
        page: site_text((ROOT / name).read_text(encoding="utf-8"), name, page)
        for name, page in documents().items()
    }
    return written | {page: made() for page, made in REFERENCES.items()}


def site_text(text: str, name: str, page: str) -> str:
    """A document of the repository with the links that its page has.

    Parameters
    ----------
    text : Markdown
    name : file of the repository it comes from
    page : where it is on the site

    Returns
    -------
    str
        The same text; what leads to a file that is not on the site is no link.
    """
    places = documents() | assets() | notebook_pages() | STANDS_FOR

    def change(link: links.Link) -> str:
        mark = "!" if link.image else ""
        if link.elsewhere or not link.path:
            return f"{mark}[{link.text}]({link.target})"
        place = places.get(repository_path(name, link.path))
        if place is None:
            return link.text
        target = os.path.relpath(place, PurePosixPath(page).parent)
        return f"{mark}[{link.text}]({target}{'#' if link.anchor else ''}{link.anchor})"

    return links.changed(text, change)


def repository_path(name: str, target: str) -> str:
    """What a link in the file `name` leads to, from the root of the repository."""
    return os.path.normpath(PurePosixPath(name).parent / target)


def navigation() -> list[str]:
    """All pages that the navigation names, in its order."""
    configuration = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))
    return list(_leaves(configuration["project"]["nav"]))


def _leaves(entry: Any) -> Iterator[str]:  # noqa: ANN401 - TOML, nested as one likes
    if isinstance(entry, str):
        yield entry
        return
    for each in entry.values() if isinstance(entry, dict) else entry:
        yield from _leaves(each)


def stage(folder: Path) -> None:
    """Lay the configuration and all pages but those of notebooks into a new folder."""
    texts = {f"pages/{page}": text for page, text in pages().items()}
    texts["zensical.toml"] = CONFIGURATION.read_text(encoding="utf-8")
    for name, text in texts.items():
        _target(folder, name).write_text(text, encoding="utf-8")
    for name, place in assets().items():
        _target(folder, f"pages/{place}").write_bytes((ROOT / name).read_bytes())


def _target(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


PITFALLS = {
    "a list needs an empty line before it": re.compile(
        r"^(?![ ]*(?:[-*]|\d+\.) )(?! {2,})(?!\|)(?!#)\S[^\n]*\n(?:[-*]|\d+\.) \S", re.MULTILINE
    ),
    "what belongs to an item is indented by four spaces": re.compile(
        r"^(?:[-*]|\d+\.) [^\n]*\n(?:\n| {2,}[^\n]*\n)*\n {1,3}\S", re.MULTILINE
    ),
    "a list within a list is indented by four spaces": re.compile(
        r"^ {1,3}(?:[-*]|\d+\.) \S", re.MULTILINE
    ),
}


def pitfalls(text: str) -> list[str]:
    """What Python-Markdown reads otherwise than code hosts do."""
    plain = links.FENCE.sub(r"\g<indent>```", text)
    return [
        f"{why}: {found[0]!r}" for why, rule in PITFALLS.items() if (found := rule.search(plain))
    ]
