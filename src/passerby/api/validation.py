"""Validate request parameters against the service model.

The AWS clients check required members, types and minima before they send; maximum
lengths, patterns and enumerations are left to the server.
"""

from collections.abc import Iterator, Mapping

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.model import Shape

_PYTHON_TYPES = {"structure": dict, "string": str, "integer": int}
_INTEGER_RANGE = range(-(2**31), 2**31)  # `integer` in the model is 32 bits wide


def validate(params: Mapping[str, object], shape: Shape) -> dict[str, object]:
    """Check `params` against `shape`, and give the known members.

    Parameters
    ----------
    params : mapping
        Decoded JSON object of the request.
    shape : Shape
        The operation's input, a structure.

    Returns
    -------
    dict
        Without the members that the model does not know, and without nulls,
        which stand for absent members.

    Raises
    ------
    Fault
        SerializationException for a JSON type other than the model's, then
        ValidationException for all broken constraints together.
    """
    known = _known_members(params, shape, "")
    broken = list(_broken_constraints(known, shape, ""))
    if broken:
        errors = "error" if len(broken) == 1 else "errors"
        message = f"{len(broken)} validation {errors} detected: {'; '.join(broken)}"
        raise Fault(faults.VALIDATION, message)
    return known


def _known_members(params: Mapping[str, object], shape: Shape, path: str) -> dict[str, object]:
    present = {name: params[name] for name in shape.members if params.get(name) is not None}
    return {
        name: _check_type(value, shape.members[name], path + _lower_first(name))
        for name, value in present.items()
    }


def _check_type(value: object, shape: Shape, path: str) -> object:
    # `type() is` and not isinstance: JSON's true is no integer.
    if type(value) is not _PYTHON_TYPES[shape.kind]:
        raise Fault(faults.SERIALIZATION, f"Value at '{path}' must be of type {shape.kind}")
    if isinstance(value, int) and value not in _INTEGER_RANGE:
        raise Fault(faults.SERIALIZATION, f"Value at '{path}' does not fit in 32 bits")
    if isinstance(value, dict):
        return _known_members(value, shape, f"{path}.")
    return value


def _broken_constraints(params: dict[str, object], shape: Shape, path: str) -> Iterator[str]:
    """Describe each broken constraint in AWS's words, in the order of the model."""
    for name, member in shape.members.items():
        value = params.get(name)
        member_path = path + _lower_first(name)
        if isinstance(value, dict):
            yield from _broken_constraints(value, member, f"{member_path}.")
        elif value is not None or name in shape.required:
            quoted = "null" if value is None else f"'{value}'"
            for rule in _broken_rules(value, member):
                yield f"Value {quoted} at '{member_path}' failed to satisfy constraint: {rule}"


def _broken_rules(value: object, shape: Shape) -> Iterator[str]:
    if value is None:
        yield "Member must not be null"
    if isinstance(value, str):
        yield from _broken_limits(len(value), shape, "length")
        # No pattern of the model allows a line break. That of topics would look for one again
        # and again, in time quadratic in their length.
        if shape.pattern and ("\n" in value or not shape.pattern.fullmatch(value)):
            yield f"Member must satisfy regular expression pattern: {shape.pattern.pattern}"
        if shape.choices and value not in shape.choices:
            yield f"Member must satisfy enum value set: [{', '.join(shape.choices)}]"
    if isinstance(value, int):
        yield from _broken_limits(value, shape, "value")


def _broken_limits(amount: int, shape: Shape, measured: str) -> Iterator[str]:
    if shape.least is not None and amount < shape.least:
        yield f"Member must have {measured} greater than or equal to {shape.least}"
    if shape.most is not None and amount > shape.most:
        yield f"Member must have {measured} less than or equal to {shape.most}"


def _lower_first(name: str) -> str:
    """Spell a member as AWS does in messages: `SNSTopicArn` → `sNSTopicArn`."""
    return name[0].lower() + name[1:]
