import json
from collections.abc import Iterator
from typing import Any

import botocore.loaders
import botocore.parsers
import botocore.serialize
import pytest
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.model import operation_inputs
from passerby.api.protocol import operation_name, parameters
from passerby.api.validation import validate
from passerby.records import LANDMARKS
from passerby.wire.answer import encode_answer
from passerby.wire.messages import (
    BoundingBox,
    FaceAttribute,
    FaceDetail,
    GetPersonTrackingResponse,
    ImageQuality,
    Landmark,
    PersonDetail,
    PersonDetection,
    Pose,
)

MODEL = ServiceModel(botocore.loaders.Loader().load_service_model("rekognition", "service-2"))
WIRE = botocore.serialize.create_serializer("json", include_validation=False)
LONGEST = 80  # of texts whose bounds the model leaves wide; longer ones have their own tests


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Whatever botocore's model allows for a shape."""
    if shape.type_name == "structure":
        members = {name: values(member) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(required, optional=members)
    rules = shape.metadata
    if shape.type_name == "integer":
        return st.integers(rules["min"], 2**31 - 1)
    if "enum" in rules:
        return st.sampled_from(rules["enum"])
    shortest, longest = rules.get("min", 0), min(rules.get("max", LONGEST), LONGEST)
    if "pattern" not in rules:
        return st.text(st.characters(codec="utf-8"), min_size=shortest, max_size=longest)
    ascii_only = st.characters(codec="ascii")
    fitting = st.from_regex(rules["pattern"], fullmatch=True, alphabet=ascii_only)
    return fitting.filter(lambda text: shortest <= len(text) <= rules.get("max", len(text)))


@pytest.mark.parametrize("name", ["StartPersonTracking", "GetPersonTracking"])
@settings(
    max_examples=50, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(data=st.data())
def test_what_the_model_allows_is_accepted(name: str, data: st.DataObject) -> None:
    operation = MODEL.operation_model(name)
    params = data.draw(values(operation.input_shape))

    request = WIRE.serialize_to_request(params, operation)

    called = operation_name(request["headers"]["X-Amz-Target"])
    assert called == name
    assert validate(parameters(request["body"]), operation_inputs()[called]) == params


JUDGE = ParamValidator()  # of minima, types and required members; it knows no more
FIT: dict[str, dict[str, Any]] = {
    "StartPersonTracking": {
        "Video": {"S3Object": {"Bucket": "abc", "Name": "n", "Version": "v"}},
        "ClientRequestToken": "t",
        "NotificationChannel": {
            "SNSTopicArn": "arn:aws:sns:eu-west-1:123456789012:t",
            "RoleArn": "arn:aws:iam::123456789012:role/r",
        },
        "JobTag": "g",
    },
    "GetPersonTracking": {"JobId": "j", "MaxResults": 1, "NextToken": "", "SortBy": "INDEX"},
}
WRONG_TYPES: dict[str, list[Any]] = {
    "structure": ["text", 1, []],
    "string": [1, True, {}, []],
    "integer": ["1", 1.5, True, 2**31],
}


def violations(shape: Shape) -> Iterator[Any]:
    """Values that the model forbids for this shape."""
    rules = shape.metadata
    yield from WRONG_TYPES[shape.type_name]
    if "enum" in rules:
        yield from ("OTHER", rules["enum"][0].lower())
    if "pattern" in rules:
        yield "line\nbreak"
    if shape.type_name == "string" and rules.get("min"):
        yield "a" * (rules["min"] - 1)
    if shape.type_name == "string" and "max" in rules:
        yield "a" * (rules["max"] + 1)
    if shape.type_name == "integer":
        yield rules["min"] - 1


def forbidden(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path of a member and a value it must not have; None is for it to be absent."""
    for name, member in shape.members.items():
        if name in shape.required_members:
            yield (*path, name), None
        for value in violations(member):
            yield (*path, name), value
        if member.type_name == "structure":
            yield from forbidden(member, (*path, name))


def changed(params: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """Parameters with another value at a path; None takes it away."""
    name, *rest = path
    if rest:
        return params | {name: changed(params[name], tuple(rest), value)}
    others = {other: kept for other, kept in params.items() if other != name}
    return others if value is None else others | {name: value}


CASES = [
    pytest.param(name, path, value, id=f"{name}-{'.'.join(path)}-{str(value)[:12]!r}")
    for name in FIT
    for path, value in forbidden(MODEL.operation_model(name).input_shape)
]


@pytest.mark.parametrize("name", FIT)
def test_what_is_changed_below_fits_otherwise(name: str) -> None:
    assert validate(FIT[name], operation_inputs()[name]) == FIT[name]
    assert not JUDGE.validate(FIT[name], MODEL.operation_model(name).input_shape).has_errors()


@pytest.mark.parametrize(("name", "path", "value"), CASES)
def test_what_the_model_forbids_is_refused(name: str, path: tuple[str, ...], value: object) -> None:
    params = changed(FIT[name], path, value)

    with pytest.raises(Fault) as caught:
        validate(params, operation_inputs()[name])

    member = path[-1][0].lower() + path[-1][1:]
    assert caught.value.kind in (faults.VALIDATION, faults.SERIALIZATION)
    assert member in (caught.value.message or "")


numbers = st.floats(0, 1, width=32)
ratio_boxes = st.builds(BoundingBox, numbers, numbers, numbers, numbers)
judgements = st.none() | st.builds(FaceAttribute, st.booleans(), numbers)
faces = st.builds(
    FaceDetail,
    bounding_box=ratio_boxes,
    confidence=numbers,
    landmarks=st.tuples(st.builds(Landmark, st.sampled_from(LANDMARKS), numbers, numbers)),
    pose=st.builds(Pose, numbers, numbers, numbers),
    quality=st.builds(ImageQuality, numbers, numbers),
    eyes_open=judgements,
    mouth_open=judgements,
    smile=judgements,
)
person_details = st.builds(
    PersonDetection,
    timestamp=st.integers(0, 2**53),
    person=st.builds(
        PersonDetail,
        index=st.integers(0, 2**31),
        bounding_box=st.none() | ratio_boxes,
        face=st.none() | faces,
    ),
)
answers = st.builds(
    GetPersonTrackingResponse,
    job_status=st.sampled_from(["IN_PROGRESS", "SUCCEEDED", "FAILED"]),
    persons=st.lists(person_details, max_size=3),
    status_message=st.none() | st.text(min_size=1),
    next_token=st.none() | st.text(min_size=1, max_size=255),
    job_tag=st.none() | st.text(min_size=1),
)


@given(answer=answers)
def test_botocore_reads_what_was_meant(answer: GetPersonTrackingResponse) -> None:
    parser = botocore.parsers.create_parser("json")
    body = encode_answer(answer)

    shape = MODEL.operation_model("GetPersonTracking").output_shape
    read = parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)

    del read["ResponseMetadata"]
    assert read == json.loads(body)
    assert read.keys() >= {"JobStatus", "Persons"}
    assert len(read["Persons"]) == len(answer.persons)
    for each, meant in zip(read["Persons"], answer.persons, strict=True):
        assert each["Timestamp"] == meant.timestamp
        assert each["Person"]["Index"] == meant.person.index
        box, face = meant.person.bounding_box, meant.person.face
        assert each["Person"].keys() - {"Index"} == ({"BoundingBox"} if box else set()) | (
            {"Face"} if face else set()
        )
        if box:
            assert each["Person"]["BoundingBox"]["Left"] == box.left
        if face and face.smile:
            assert each["Person"]["Face"]["Smile"]["Value"] is face.smile.value
