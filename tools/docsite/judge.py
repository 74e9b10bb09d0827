"""Whether a built site is whole: links, anchors, pictures, and nothing from elsewhere.

A page may link to other sites. It loads nothing from them: no font, script or picture, so
that it looks the same where there is no way out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

# Attributes by which a page loads something, by element.
LOADS = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
}
# Kinds of <link> that load nothing.
HARMLESS = {"canonical", "prev", "next", "alternate", "author", "license"}
ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


@dataclass
class Page(HTMLParser):
    """What one page loads, where it leads, and where it can be entered."""

    loaded: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value for name, value in attrs if value}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a" and "href" in given:
            self.targets.append(given["href"])
        if tag == "link" and given.get("rel") not in HARMLESS:
            self.loaded.append(given.get("href", ""))
        self.loaded += [given[name] for name in LOADS.get(tag, ()) if name in given]


def read(site: Path) -> dict[Path, Page]:
    """All pages of a site."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return pages


def complaints(site: Path) -> list[str]:
    """All that is wrong with a built site."""
    pages = read(site)
    found = [*_styles(site)]
    for path, page in pages.items():
        name = path.relative_to(site)
        outside = [each for each in page.loaded if ELSEWHERE.match(each)]
        found += [f"{name}: loads {each}" for each in outside]
        within = [
            each for each in page.loaded if each not in outside and not each.startswith("data:")
        ]
        found += [f"{name}: {why}" for why in _dead(within + page.targets, path, site, pages)]
    return found


def _styles(site: Path) -> Iterator[str]:
    for path in [*site.rglob("*.css"), *site.rglob("*.html"), *site.rglob("*.svg")]:
        for found in IN_STYLE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {found}"


def _dead(targets: list[str], path: Path, site: Path, pages: Mapping[Path, Page]) -> Iterator[str]:
    for target in targets:
        if re.match(r"[a-z]+:|//", target, re.IGNORECASE):
            continue
        place, anchor = urldefrag(target)
        start = site if place.startswith("/") else path.parent
        there = (start / unquote(place.partition("?")[0]).lstrip("/")).resolve() if place else path
        there = there / "index.html" if there.is_dir() else there
        if not there.exists():
            yield f"leads to {target}, which is not there"
        elif anchor and there in pages and unquote(anchor) not in pages[there].anchors | {""}:
            yield f"leads to {target}, and there is no such anchor"
