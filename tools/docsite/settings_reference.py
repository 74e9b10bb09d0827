"""The page on all that can be set, from the fields of `settings.py` and their comments."""

import ast
from collections.abc import Iterable

from tools.docsite.source import Field, Module
from tools.docsite.tables import table

from passerby.settings import PREFIX

INTRODUCTION = f"""# Settings

Each is a line of the TOML file that `--config` names, or `{PREFIX}` and its name in capitals
in the environment, with lists and tables as JSON; some are flags as well, see
[the commands](commands.md). The environment counts before the file, a flag before both.

```toml
data = "/srv/passerby"
log_format = "json"
retention_days = 30
```
"""

# Tables of the file, by the class that says what is in them.
TABLES = {"S3": "[s3]", "S3Bucket": "[s3.buckets.NAME]", "WebhookSettings": "[[webhooks]]"}
LIMITS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}
KINDS = {
    "Path": "path",
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "true, false",
    "Url": "URL",
    "tuple[str, ...]": "list of texts",
    "tuple[WebhookSettings, ...]": "tables `[[webhooks]]`",
    "dict[str, S3Bucket]": "tables `[s3.buckets.NAME]`",
    "S3": "table `[s3]`",
}


def settings_page() -> str:
    """The whole page."""
    module = Module("passerby.settings")
    classes = {each.name: each for each in module.classes}
    parts = [INTRODUCTION, _table(module.fields(classes["Settings"]))]
    for name, title in TABLES.items():
        parts.append(f"## `{title}`\n\n{ast.get_docstring(classes[name])}\n")
        parts.append(_table(_inherited(module, classes, classes[name])))
    return "\n".join(parts)


def _inherited(
    module: Module, classes: dict[str, ast.ClassDef], owner: ast.ClassDef
) -> list[Field]:
    """Fields of a class, its own and those of its bases."""
    names = [base.id for base in owner.bases if isinstance(base, ast.Name)]
    above = [each for name in names for each in _inherited(module, classes, classes[name])]
    return [*above, *module.fields(owner)]


def _table(fields: Iterable[Field]) -> str:
    rows = []
    said = ""
    for each in fields:
        said = each.comment or said  # one comment may stand above several fields
        rows.append([f"`{each.name}`", _kind(each.annotation), _default(each.default), said])
    return table(["Name", "Value", "Default", "Meaning"], rows)


def _kind(annotation: ast.expr) -> str:
    """What may be given, in words."""
    if isinstance(annotation, ast.BinOp):  # `| None`
        return _kind(annotation.left)
    text = ast.unparse(annotation)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        first, *rest = annotation.slice.elts
        if text.startswith("Literal"):
            return ", ".join(f"`{ast.literal_eval(each)}`" for each in annotation.slice.elts)
        if text.startswith("Annotated"):
            return ", ".join([_kind(first), *(limit for each in rest for limit in _limits(each))])
        if text.startswith("dict[str, Annotated"):
            return "table of numbers"
    return KINDS.get(text, f"`{text}`")


def _limits(meta: ast.expr) -> list[str]:
    given = meta.keywords if isinstance(meta, ast.Call) else []
    return [
        LIMITS[each.arg].format(ast.unparse(each.value)) for each in given if each.arg in LIMITS
    ]


def _default(value: ast.expr | None) -> str:
    """As TOML has it; empty where none is needed or where it depends on the machine."""
    if value is None:
        return "must be given"
    try:
        known = eval(ast.unparse(value), {"__builtins__": {}})  # noqa: S307 - our own source
    except NameError:
        return ""
    if known is None or known in ((), {}):
        return ""
    if isinstance(known, bool):
        return f"`{str(known).lower()}`"
    return f"`{known:g}`" if isinstance(known, float) else f"`{known}`"
