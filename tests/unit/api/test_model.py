import re

from passerby.api.model import operation_inputs


def test_both_operations_are_there() -> None:
    assert set(operation_inputs()) == {"StartPersonTracking", "GetPersonTracking"}


def test_shapes_are_resolved_to_the_leaves() -> None:
    bucket = operation_inputs()["StartPersonTracking"].members["Video"].members["S3Object"]

    shape = bucket.members["Bucket"]

    assert (shape.kind, shape.least, shape.most) == ("string", 3, 255)
    assert shape.pattern == re.compile(r"[0-9A-Za-z\.\-_]*", re.ASCII)


def test_required_members_and_choices_are_kept() -> None:
    shape = operation_inputs()["GetPersonTracking"]

    assert shape.required == {"JobId"}
    assert shape.members["SortBy"].choices == ("INDEX", "TIMESTAMP")
