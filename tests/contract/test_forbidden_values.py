"""Any value that the service model forbids, in each member, signed and over HTTP."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerby.access.keys import AccessKey

from .conftest import Server
from .wire import FITTING, NOT_FITTING, NOT_JSON, OPERATIONS, UNDERSTOOD, members, post

PYTHON_TYPES = {"structure": dict, "string": str, "integer": int}

quick = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def key(server: Server) -> AccessKey:
    return server.keys.create()


@pytest.fixture(scope="module", autouse=True)
def server_goes_on(server: Server, key: AccessKey) -> Iterator[None]:
    yield
    for name in OPERATIONS:
        assert post(server.url, key, name, FITTING[name]).code == UNDERSTOOD[name]


def with_value(params: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    name, *rest = path
    return params | {name: with_value(params[name], tuple(rest), value) if rest else value}


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
SCALARS = (
    st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def of_another_type(shape: Shape) -> st.SearchStrategy[Any]:
    right = PYTHON_TYPES[shape.type_name]
    wrong = JSON.filter(lambda value: type(value) is not right)
    if shape.type_name == "integer":
        return wrong | st.integers(max_value=-(2**31) - 1) | st.integers(min_value=2**31)
    return wrong


def breaking_a_rule(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of the right type that break some constraint of botocore's model."""
    rules = shape.metadata
    if shape.type_name == "integer":
        return st.integers(-(2**31), rules["min"] - 1)
    ways = []
    if rules.get("min"):
        ways.append(st.text("a", max_size=rules["min"] - 1))
    if "max" in rules:
        length = st.integers(rules["max"] + 1, rules["max"] + 2000)
        ways.append(st.builds(lambda count: "a" * count, length))
    if "enum" in rules:
        ways.append(TEXTS.filter(lambda text: text not in rules["enum"]))
    if "pattern" in rules:
        # What no pattern of the model lets through: a line break, or not ASCII in an ARN's parts.
        ways.append(st.builds("{}\n{}".format, TEXTS, TEXTS))
    return st.one_of(ways)


MEMBERS = [(name, path, shape) for name in OPERATIONS for path, shape in members(name)]
LEAVES = [case for case in MEMBERS if case[2].type_name != "structure"]
few = settings(quick, max_examples=max(10, quick.max_examples // 8))


@pytest.mark.parametrize(("name", "path", "shape"), MEMBERS, ids=str)
@few
@given(data=st.data())
def test_a_value_of_another_type(
    server: Server,
    key: AccessKey,
    name: str,
    path: tuple[str, ...],
    shape: Shape,
    data: st.DataObject,
) -> None:
    value = data.draw(of_another_type(shape))

    answer = post(server.url, key, name, with_value(FITTING[name], path, value))

    assert answer.code == NOT_JSON
    assert spelled(path) in answer.body.decode()


@pytest.mark.parametrize(("name", "path", "shape"), LEAVES, ids=str)
@few
@given(data=st.data())
def test_a_value_that_breaks_a_rule(
    server: Server,
    key: AccessKey,
    name: str,
    path: tuple[str, ...],
    shape: Shape,
    data: st.DataObject,
) -> None:
    value = data.draw(breaking_a_rule(shape))

    answer = post(server.url, key, name, with_value(FITTING[name], path, value))

    assert answer.code == NOT_FITTING
    message = json.loads(answer.body)["message"]
    assert re.match("1 validation error|[2-3] validation errors", message)
    assert f"at '{spelled(path)}' failed to satisfy constraint: " in message


def spelled(path: tuple[str, ...]) -> str:
    """A path as AWS's messages have it."""
    return ".".join(name[0].lower() + name[1:] for name in path)
