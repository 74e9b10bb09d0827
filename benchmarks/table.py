"""Print figures as Markdown tables."""

from collections.abc import Sequence

Cell = str | int | float


def markdown(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Write a table whose first column is words and whose others are figures.

    Examples
    --------
    >>> print(markdown(["clip", "s"], [["street", 12.345], ["square", 1200]]))
    | clip | s |
    |---|---:|
    | street | 12.3 |
    | square | 1,200 |
    """
    rule = "|---|" + "---:|" * (len(headings) - 1)
    return "\n".join([_line(headings), rule, *(_line(row) for row in rows)])


def _line(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_text(cell) for cell in cells) + " |"


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
