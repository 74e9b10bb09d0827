from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import botocore.loaders
import msgspec
import pytest

from passerby.api import faults
from passerby.api.faults import FaultKind
from passerby.records import LANDMARKS
from passerby.wire.messages import (
    BoundingBox,
    FaceAttribute,
    FaceDetail,
    GetPersonTrackingRequest,
    GetPersonTrackingResponse,
    ImageQuality,
    Landmark,
    NotificationChannel,
    PersonDetail,
    PersonDetection,
    Pose,
    S3Object,
    StartPersonTrackingRequest,
    StartPersonTrackingResponse,
    Video,
    VideoMetadata,
)

OPERATIONS = ("StartPersonTracking", "GetPersonTracking")

Json = Any


@pytest.fixture(scope="module")
def original() -> Json:
    return botocore.loaders.Loader().load_service_model("rekognition", "service-2")


@pytest.fixture(scope="module")
def ours() -> Json:
    return msgspec.json.decode(files("passerby.api").joinpath("service_model.json").read_bytes())


def without_documentation(node: Json) -> Json:
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if not _is_text(key, value)}
        return {key: without_documentation(value) for key, value in kept.items()}
    return [without_documentation(each) for each in node] if isinstance(node, list) else node


def _is_text(key: str, value: Json) -> bool:
    return key == "documentation" and isinstance(value, str)


def named_shapes(node: Json) -> Iterator[str]:
    """Names that stand under a `shape` key, anywhere below."""
    children = node.values() if isinstance(node, dict) else node
    for child in children if isinstance(node, dict | list) else ():
        yield from named_shapes(child)
    if isinstance(node, dict) and isinstance(node.get("shape"), str):
        yield node["shape"]


def reached(model: Json) -> set[str]:
    """Names of all shapes that the two operations need."""
    found: set[str] = set()
    waiting = {name for each in OPERATIONS for name in named_shapes(model["operations"][each])}
    while waiting:
        found |= waiting
        waiting = {n for name in waiting for n in named_shapes(model["shapes"][name])} - found
    return found


def test_our_copy_equals_the_original(original: Json, ours: Json) -> None:
    assert ours == without_documentation(
        {
            "metadata": original["metadata"],
            "operations": {name: original["operations"][name] for name in OPERATIONS},
            "shapes": {name: original["shapes"][name] for name in reached(original)},
        }
    )


def test_every_declared_error_has_its_fault(ours: Json) -> None:
    declared = {error["shape"] for each in ours["operations"].values() for error in each["errors"]}
    kinds = {kind for kind in vars(faults).values() if isinstance(kind, FaultKind)}

    assert {kind.code for kind in kinds if kind.declared} == declared
    assert {kind.code for kind in kinds if kind.declared and kind.status == 500} == {
        name for name in declared if ours["shapes"][name].get("fault")
    }


# What the shipped networks cannot tell of a face.
NOT_ESTIMATED = {
    "AgeRange",
    "Beard",
    "Emotions",
    "EyeDirection",
    "Eyeglasses",
    "FaceOccluded",
    "Gender",
    "Mustache",
    "Sunglasses",
}


def test_landmarks_have_the_names_of_the_model(ours: Json) -> None:
    assert sorted(LANDMARKS) == sorted(ours["shapes"]["LandmarkType"]["enum"])


@pytest.mark.parametrize(
    ("record", "shape", "left_out"),
    [
        (StartPersonTrackingRequest, "StartPersonTrackingRequest", set()),
        (StartPersonTrackingResponse, "StartPersonTrackingResponse", set()),
        (GetPersonTrackingRequest, "GetPersonTrackingRequest", set()),
        (GetPersonTrackingResponse, "GetPersonTrackingResponse", set()),
        (Video, "Video", set()),
        (S3Object, "S3Object", set()),
        (NotificationChannel, "NotificationChannel", set()),
        (VideoMetadata, "VideoMetadata", set()),
        (PersonDetection, "PersonDetection", set()),
        (PersonDetail, "PersonDetail", set()),
        (BoundingBox, "BoundingBox", set()),
        (FaceDetail, "FaceDetail", NOT_ESTIMATED),
        (Landmark, "Landmark", set()),
        (Pose, "Pose", set()),
        (ImageQuality, "ImageQuality", set()),
        (FaceAttribute, "EyeOpen", set()),
        (FaceAttribute, "MouthOpen", set()),
        (FaceAttribute, "Smile", set()),
    ],
)
def test_records_have_the_members_of_the_model(
    ours: Json, record: type[msgspec.Struct], shape: str, left_out: set[str]
) -> None:
    members = {each.encode_name for each in msgspec.structs.fields(record)}

    assert members == set(ours["shapes"][shape]["members"]) - left_out
