"""What the operations accept, read from our copy of the service model.

`README.md` beside `service_model.json` tells where the copy comes from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

TARGET_PREFIX = "RekognitionService."  # `targetPrefix` in the model, as it stands in a header


@dataclass(frozen=True)
class Shape:
    """One type of the model, with the shapes of its members in place of their names."""

    kind: str  # "structure", "string" or "integer"
    members: Mapping[str, "Shape"]
    required: frozenset[str]
    least: int | None  # length of a string, value of an integer
    most: int | None
    pattern: re.Pattern[str] | None  # of the whole value
    choices: tuple[str, ...]  # empty: any


class _NamedShape(msgspec.Struct):
    shape: str


class _ModelShape(msgspec.Struct):
    """A shape as the file spells it."""

    type: str
    members: dict[str, _NamedShape] = {}
    required: list[str] = []
    min: int | None = None
    max: int | None = None
    pattern: str | None = None
    enum: list[str] = []


class _ModelOperation(msgspec.Struct):
    input: _NamedShape


class _ServiceModel(msgspec.Struct):
    operations: dict[str, _ModelOperation]
    shapes: dict[str, _ModelShape]


@cache
def operation_inputs() -> Mapping[str, Shape]:
    """Shape of the request body of each operation, by the operation's name."""
    text = files(__package__).joinpath("service_model.json").read_bytes()
    model = msgspec.json.decode(text, type=_ServiceModel)
    return {
        name: _resolved(operation.input.shape, model.shapes)
        for name, operation in model.operations.items()
    }


def _resolved(name: str, shapes: Mapping[str, _ModelShape]) -> Shape:
    # The requests of these operations are trees: no shape contains itself.
    raw = shapes[name]
    return Shape(
        kind=raw.type,
        members={key: _resolved(member.shape, shapes) for key, member in raw.members.items()},
        required=frozenset(raw.required),
        least=raw.min,
        most=raw.max,
        # The model's expressions are Java's, where \d and \w mean ASCII.
        pattern=re.compile(raw.pattern, re.ASCII) if raw.pattern else None,
        choices=tuple(raw.enum),
    )
