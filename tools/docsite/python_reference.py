"""The page on passerby as a library, from docstrings and comments of its source."""

import ast
import re
import textwrap
from collections.abc import Iterator

from tools.docsite.source import Module, functions, is_property, signature, values
from tools.docsite.tables import table

# What a program may rely on, in the order of its use.
PUBLIC = {
    "passerby": ["track"],
    "passerby.pathing.analysis": ["Analysis"],
    "passerby.records": [
        "Sightings",
        "Sighting",
        "Faces",
        "Face",
        "VideoInfo",
        "Progress",
        "Stage",
    ],
    "passerby.client": ["wait_and_collect", "wait", "collect", "Found", "JobProgress"],
}

INTRODUCTION = """# Python

`passerby.track` analyses a video in this process; `passerby.client` helps programs that call
a server through boto3. Everything else on this page is what those two give and raise. Arrays
are NumPy's, boxes pixels of the upright frame, times whole milliseconds of the video's clock.
"""

SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
# Name, type, and the description below them.
ENTRY = re.compile(r"^(\S[^\n]*)\n((?:(?: +[^\n]*)?\n)*)", re.MULTILINE)
ENTRIES = {"Parameters", "Returns", "Yields", "Raises", "Attributes"}


def python_page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, members in PUBLIC.items():
        module = Module(name)
        parts.append(f"## `{name}`\n")
        parts += [_member(module, member) for member in members]
    return "\n".join([*parts, _errors()])


def _member(module: Module, name: str) -> str:
    node = module.find(name)
    if isinstance(node, ast.ClassDef):
        return "\n".join([f"### `{name}`\n", _documented(node), *_inside(module, node)])
    return "\n".join([f"### `{name}`\n", _code(signature(node)), _documented(node)])


def _inside(module: Module, owner: ast.ClassDef) -> Iterator[str]:
    fields = module.fields(owner)
    if fields:
        rows = [
            [f"`{each.name}`", f"`{ast.unparse(each.annotation)}`", each.comment] for each in fields
        ]
        yield table(["Field", "Type", ""], rows)
    if named := values(owner):
        yield table(["Name", "Value"], [[f"`{name}`", f"`{text}`"] for name, text in named.items()])
    for node in functions(owner):
        title = f"{owner.name}.{node.name}"
        yield f"#### `{title}`\n"
        yield (
            _documented(node)
            if is_property(node)
            else _code(signature(node)) + "\n" + _documented(node)
        )


def _documented(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return markdown(ast.get_docstring(node) or "")


def _code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def markdown(docstring: str) -> str:
    """A docstring in the sections of numpydoc as Markdown."""
    text, *sections = SECTION.split(docstring + "\n")
    parts = [text.strip() + "\n"]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        parts.append(f"**{title}**\n")
        parts.append(_entries(body) if title in ENTRIES else body.strip() + "\n")
    return "\n".join(parts)


def _entries(body: str) -> str:
    """A list of names with what is said of each."""
    found = [_entry(head, text) for head, text in ENTRY.findall(body.strip("\n") + "\n")]
    return "\n".join(found) + "\n"


def _entry(head: str, body: str) -> str:
    name, _, kind = head.partition(" : ")
    described = " ".join(textwrap.dedent(body).split())
    return f"- `{name}`" + (f" ({kind})" if kind else "") + (f": {described}" if described else "")


def _errors() -> str:
    module = Module("passerby.errors")
    rows = [[f"`{each.name}`", ast.get_docstring(each) or ""] for each in module.classes]
    return "\n".join(
        [
            "## `passerby.errors`\n",
            f"```text\n{module.docstring}\n```\n",
            table(["Class", "Its usual message"], rows),
        ]
    )
