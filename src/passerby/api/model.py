"""Read the service model: the shapes that the operations accept.

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


class NamedShape(msgspec.Struct, frozen=True):
    """Reference to a shape by name."""

    shape: str


class ModelShape(msgspec.Struct, frozen=True):
    """A shape as written in the file."""

    type: str
    members: Mapping[str, NamedShape] = {}
    required: list[str] = []
    member: NamedShape | None = None  # of a list
    min: int | float | None = None
    max: int | float | None = None
    pattern: str | None = None
    enum: list[str] = []


class ModelOperation(msgspec.Struct, frozen=True):
    """An operation as written in the file."""

    input: NamedShape
    output: NamedShape
    errors: list[NamedShape]


class ModelMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """Metadata of the service."""

    api_version: str  # a date


class ServiceModel(msgspec.Struct, frozen=True):
    """The whole file."""

    metadata: ModelMetadata
    operations: Mapping[str, ModelOperation]
    shapes: Mapping[str, ModelShape]


@cache
def service_model() -> ServiceModel:
    """Read the service model."""
    text = files(__package__).joinpath("service_model.json").read_bytes()
    return msgspec.json.decode(text, type=ServiceModel)


@cache
def operation_inputs() -> Mapping[str, Shape]:
    """Collect the shape of each operation's request body, by the operation's name."""
    model = service_model()
    return {
        name: _resolve(operation.input.shape, model.shapes)
        for name, operation in model.operations.items()
    }


def _resolve(name: str, shapes: Mapping[str, ModelShape]) -> Shape:
    # The requests of these operations are trees: no shape contains itself.
    raw = shapes[name]
    return Shape(
        kind=raw.type,
        members={key: _resolve(member.shape, shapes) for key, member in raw.members.items()},
        required=frozenset(raw.required),
        least=None if raw.min is None else int(raw.min),
        most=None if raw.max is None else int(raw.max),
        # The model's expressions are Java's, where \d and \w mean ASCII.
        pattern=re.compile(raw.pattern, re.ASCII) if raw.pattern else None,
        choices=tuple(raw.enum),
    )
