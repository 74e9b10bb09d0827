"""Links of a Markdown text, and the anchors that others may lead to."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+)[^\n]*\n.*?^(?P=indent)(?P=fence) *$", re.MULTILINE | re.DOTALL
)
# Brackets may stand in the text of a link, one level deep.
LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\((?P<target>[^()\s]+)\)"
)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """One link, as it is written."""

    image: bool
    text: str
    target: str

    @property
    def elsewhere(self) -> bool:
        """Whether it leaves the documents: `https:`, `mailto:`."""
        return ELSEWHERE.match(self.target) is not None

    @property
    def path(self) -> str:
        """What it leads to, without the anchor; empty: the same page."""
        return self.target.partition("#")[0]

    @property
    def anchor(self) -> str:
        """Where on that page, or empty."""
        return self.target.partition("#")[2]


def changed(text: str, change: Callable[[Link], str]) -> str:
    """Replace each link outside of code blocks by what `change` makes of it.

    >>> changed("[this](a.md), ![that](b.svg)", lambda link: link.text)
    'this, that'
    """
    pieces = []
    end = 0
    for block in FENCE.finditer(text):
        pieces += [_changed(text[end : block.start()], change), block[0]]
        end = block.end()
    return "".join([*pieces, _changed(text[end:], change)])


def _changed(text: str, change: Callable[[Link], str]) -> str:
    return LINK.sub(lambda found: change(_link(found)), text)


def _link(found: re.Match[str]) -> Link:
    return Link(bool(found["image"]), found["text"], found["target"])


def links(text: str) -> Iterator[Link]:
    """All links outside of code blocks."""
    return (_link(found) for found in LINK.finditer(FENCE.sub("", text)))


def headings(text: str) -> list[str]:
    """All headings outside of code blocks, without their marks."""
    plain = FENCE.sub("", text)
    return [LINK.sub(lambda found: found["text"], title) for title in HEADING.findall(plain)]


def anchor(heading: str) -> str:
    """Anchor of a heading, on the site as where code is hosted.

    Source: `pymdownx.slugs.slugify` in lower case.

    >>> anchor("HOTA & `IDF1`, measured")
    'hota--idf1-measured'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
