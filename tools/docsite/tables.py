"""Tables in Markdown."""

import re
from collections.abc import Iterable, Sequence

# Python-Markdown takes no bar within code for the end of a cell, and no escape there.
CODE_OR_BAR = re.compile(r"`[^`]*`|\|")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table for the site, with a new line at its end.

    >>> print(table(["a", "b"], [["1", "`x | y`"]]), end="")
    | a | b |
    |---|---|
    | 1 | `x | y` |
    """
    lines = [_line(headings), "|" + "---|" * len(headings), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    one_line = " ".join(text.split())
    return CODE_OR_BAR.sub(lambda found: r"\|" if found[0] == "|" else found[0], one_line)
