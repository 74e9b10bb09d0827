"""What a module's source says of its classes and functions; nothing is imported.

Comments belong to it: a field of a dataclass is documented by the comment above it or
behind it.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src"

LINE_LENGTH = 80

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Field:
    """A field of a class, or a constant of a module."""

    name: str
    annotation: ast.expr
    default: ast.expr | None
    comment: str  # may be empty


@dataclass(frozen=True)
class Module:
    """One module, read from its dotted name."""

    name: str

    @cached_property
    def _text(self) -> str:
        path = SOURCES.joinpath(*self.name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return file.read_text(encoding="utf-8")

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self._text)

    @cached_property
    def _comments(self) -> dict[int, tuple[str, bool]]:
        """Text of each comment by line, and whether it has the line for itself."""
        tokens = tokenize.generate_tokens(io.StringIO(self._text).readline)
        return {
            token.start[0]: (
                token.string.lstrip("#:").strip(),
                not token.line[: token.start[1]].strip(),
            )
            for token in tokens
            if token.type == tokenize.COMMENT
        }

    @property
    def docstring(self) -> str:
        """Of the module itself."""
        return ast.get_docstring(self._tree) or ""

    @property
    def classes(self) -> list[ast.ClassDef]:
        """All classes, in their order."""
        return [node for node in self._tree.body if isinstance(node, ast.ClassDef)]

    def find(self, name: str) -> ast.ClassDef | Function:
        """Class or function of that name; raises LookupError where there is none."""
        for node in self._tree.body:
            if isinstance(node, ast.ClassDef | Function) and node.name == name:
                return node
        raise LookupError(f"{self.name} has no {name}")

    def fields(self, owner: ast.ClassDef) -> list[Field]:
        """Annotated fields of a class."""
        return [
            Field(node.target.id, node.annotation, node.value, self._comment(node))
            for node in owner.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        ]

    def _comment(self, node: ast.AnnAssign) -> str:
        behind, alone = self._comments.get(node.end_lineno or 0, ("", True))
        if behind and not alone:
            return behind
        return " ".join(reversed(list(self._lines_above(node.lineno))))

    def _lines_above(self, line: int) -> Iterator[str]:
        while (found := self._comments.get(line := line - 1, ("", False)))[1]:
            yield found[0]


def functions(owner: ast.ClassDef) -> list[Function]:
    """Methods and properties of a class that others may use."""
    return [
        node for node in owner.body if isinstance(node, Function) and not node.name.startswith("_")
    ]


def values(owner: ast.ClassDef) -> dict[str, str]:
    """Text values of an enumeration, by name."""
    pairs = [
        (target.id, node.value.value)
        for node in owner.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {name: value for name, value in pairs if isinstance(value, str)}


def is_property(node: Function) -> bool:
    """Whether a method is read like a field."""
    return any(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list)


def signature(node: Function) -> str:
    """How a function is called: on one line if that is short, else a parameter a line."""
    parameters = [text for text in _parameters(node.args) if text not in {"self", "cls"}]
    result = f" -> {_plain(node.returns)}" if node.returns else ""
    line = f"{node.name}({', '.join(parameters)}){result}"
    if len(line) <= LINE_LENGTH:
        return line
    return "\n".join([f"{node.name}(", *(f"    {text}," for text in parameters), f"){result}"])


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    for argument, default in zip(positional, [*missing, *arguments.defaults], strict=True):
        yield _parameter(argument, default)
    if arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, default)


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {_plain(argument.annotation)}" if argument.annotation else ""
    equals = " = " if kind else "="
    return argument.arg + kind + (f"{equals}{ast.unparse(default)}" if default else "")


def _plain(annotation: ast.expr) -> str:
    """An annotation without the quotes that put its evaluation off."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)
