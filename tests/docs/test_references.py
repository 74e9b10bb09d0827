"""References made from code, against what Python itself says of the code."""

import ast
import importlib
import inspect
import re
from dataclasses import fields

import pytest
import typer.main
from tools.docsite import python_reference, source
from tools.docsite.command_reference import command_page
from tools.docsite.python_reference import PUBLIC, markdown, python_page
from tools.docsite.settings_reference import settings_page
from tools.docsite.wire_reference import wire_page

from passerby import errors, settings
from passerby.api.openapi import description
from passerby.cli.app import app


def rows(page: str) -> dict[str, list[str]]:
    """Cells of each row of a page's tables, by the first."""
    found = re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.MULTILINE)
    return {name: re.split(r"(?<!\\) \| ", rest) for name, rest in found}


def test_each_setting_has_its_value_default_and_meaning() -> None:
    told = rows(settings_page())
    defaults = settings.Settings()

    for each in fields(settings.Settings):
        kind, default, meaning = told[each.name]
        assert kind
        assert meaning
        value = getattr(defaults, each.name)
        if isinstance(value, str):
            assert default == f"`{value}`"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            assert float(default.strip("`")) == value
    assert told["sns"][:2] == ["true, false", "`false`"]
    assert told["worker_niceness"][:2] == ["number, ≥ 0, ≤ 19", "`10`"]
    assert told["device"][0] == "`cpu`, `cuda`"
    assert {"endpoint_url", "profile", "buckets", "topics", "secret"} <= told.keys()


def test_no_setting_tells_of_the_machine_the_page_was_made_on() -> None:
    assert str(settings.Settings().data) not in settings_page()


def test_each_command_is_there() -> None:
    titles = re.findall(r"^#+ `passerby ([^`]+)`$", command_page(), re.MULTILINE)

    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert name in {title.split()[0] for title in titles}
    assert {"jobs list", "jobs watch", "keys create", "track"} <= set(titles)
    assert "--face-attributes" in command_page()
    assert not re.search(r"--help|^\* .*\.\.\.$", command_page(), re.MULTILINE)


@pytest.mark.parametrize("module", PUBLIC)
def test_what_is_public_is_there_and_documented(module: str) -> None:
    page = python_page().partition(f"## `{module}`")[2].partition("\n## ")[0]
    for name in PUBLIC[module]:
        found = getattr(importlib.import_module(module), name)
        assert f"### `{name}`" in page
        assert inspect.getdoc(found).partition("\n")[0] in page  # type: ignore[union-attr]
        if inspect.isclass(found):
            told = page.partition(f"### `{name}`")[2].partition("\n### ")[0]
            for each in getattr(found, "__dataclass_fields__", {}):
                assert f"| `{each}` | " in told
            for each in getattr(found, "__members__", {}).values():
                assert f"| `{each.name}` | `{each.value}` |" in told


def test_each_error_is_there() -> None:
    told = rows(python_page())
    for name, found in vars(errors).items():
        if inspect.isclass(found):
            assert told[name] == [inspect.getdoc(found)]


def test_each_shape_of_the_openapi_description_is_there() -> None:
    page = wire_page()
    for name, schema in description()["components"]["schemas"].items():  # type: ignore[index]
        for member in schema.get("properties", {}) if name != "Fault" else ():
            assert f"| `{member}` | " in page
    assert "| `VideoTooLargeException` | 400 | Video size in bytes" in page
    assert "| `MaxResults` | integer, 1… | " in page


EXAMPLE = '''
def example(count: int, *, rate: "float | None" = 15) -> bool:
    """Say whether.

    Parameters
    ----------
    count : int
        How many,
        all told.

    Raises
    ------
    ValueError
        If there are none.
    """
'''


def test_a_docstring_as_markdown() -> None:
    (node,) = ast.parse(EXAMPLE).body
    assert isinstance(node, ast.FunctionDef)

    assert source.signature(node) == "example(count: int, *, rate: float | None = 15) -> bool"
    assert markdown(ast.get_docstring(node) or "") == (
        "Say whether.\n\n**Parameters**\n\n- `count` (int): How many, all told.\n\n"
        "**Raises**\n\n- `ValueError`: If there are none.\n"
    )


def test_comments_belong_to_the_field_below_or_before_them() -> None:
    module = source.Module("passerby.records")
    owner = module.find("Faces")
    assert isinstance(owner, ast.ClassDef)

    comments = {field.name: field.comment for field in module.fields(owner)}

    assert comments["xyxy"] == "(M, 4) pixels"
    assert comments["expression"].startswith("(M, 3) how far the eyes")
    assert comments["expression"].endswith("NaN where that is not known.")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(LookupError):
        source.Module("passerby.records").find("Absent")


def test_the_order_of_the_sections() -> None:
    titles = re.findall(r"^## `(.+)`$", python_reference.python_page(), re.MULTILINE)

    assert titles == [*PUBLIC, "passerby.errors"]
