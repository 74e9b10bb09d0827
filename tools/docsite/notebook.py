"""Notebooks as pages: run from a clean start, with what they print and draw.

They are kept without outputs, so that a page never shows what the code no longer does.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PATIENCE_SECONDS = 300  # with the start, and with each cell


def write_page(notebook: Path, page: Path, site_text: Callable[[str], str]) -> None:
    """Run a notebook and write it as Markdown, its pictures beside it.

    `site_text` puts the links of a text right for the site.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    found = nbformat.read(notebook, as_version=4)
    place = {"metadata": {"path": page.parent}}
    NotebookClient(
        found,
        timeout=PATIENCE_SECONDS,
        startup_timeout=PATIENCE_SECONDS,
        resources=place,
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    parts: list[str] = []
    for number, cell in enumerate(found.cells):
        if cell.cell_type == "markdown":
            parts.append(f"{site_text(cell.source)}\n")
        else:
            parts += [f"```python\n{cell.source}\n```\n", *_outputs(cell, page, number)]
    page.write_text("\n".join(parts), encoding="utf-8")


def _outputs(cell: nbformat.NotebookNode, page: Path, number: int) -> Iterator[str]:
    for count, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if "image/png" in data:
            picture = page.with_name(f"{page.stem}-{number}-{count}.png")
            picture.write_bytes(base64.b64decode(data["image/png"]))
            yield f"![Drawn by the cell above]({picture.name})\n"
        elif text := output.get("text") or data.get("text/plain"):
            yield f"```text\n{text.rstrip()}\n```\n"
