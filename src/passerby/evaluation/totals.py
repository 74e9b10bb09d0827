"""Add up the counts of several sequences.

Ratios of ratios mean nothing: a combined score is computed anew from summed
counts. Every metric's counts therefore add up field by field.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Counts = TypeVar("Counts", bound="DataclassInstance")


def combine(parts: Sequence[Counts]) -> Counts:
    """Add up counts of one kind, field by field.

    Raises
    ------
    ValueError
        If there is nothing to add up.
    """
    if not parts:
        raise ValueError("there are no counts to combine")
    names = [field.name for field in fields(parts[0])]
    return type(parts[0])(**{name: sum(getattr(part, name) for part in parts) for name in names})
