import pytest

from passerby.api.faults import Fault
from passerby.api.protocol import is_answered_here, operation_name, parameters, parse_query


def test_operation_is_named_by_the_target() -> None:
    assert operation_name("RekognitionService.GetPersonTracking") == "GetPersonTracking"
    assert operation_name("RekognitionService.DetectFaces") == "DetectFaces"
    assert is_answered_here("GetPersonTracking")
    assert not is_answered_here("DetectFaces")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="an empty header"),
        pytest.param("GetPersonTracking", id="no service"),
        pytest.param("RekognitionService.Detect*", id="a pattern"),
        pytest.param("RekognitionService." + "A" * 101, id="too long a name"),
        pytest.param("Rekognition.GetPersonTracking", id="another service"),
        pytest.param("RekognitionService.getpersontracking", id="other letter case"),
        pytest.param("x.RekognitionService.GetPersonTracking", id="a longer prefix"),
    ],
)
def test_unknown_operation(target: str | None) -> None:
    with pytest.raises(Fault) as caught:
        operation_name(target)
    assert caught.value.kind.code == "UnknownOperationException"


def test_parameters_are_decoded() -> None:
    assert parameters(b'{ "JobId": "\\u00e4", "Other": [1, null] }') == {
        "JobId": "ä",
        "Other": [1, None],
    }


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="a null"),
        pytest.param(b'{"JobId":', id="cut off"),
        pytest.param(b"{} {}", id="two objects"),
        pytest.param(b'{"JobId":NaN}', id="not a JSON number"),
        pytest.param(b'{"JobId":1e999}', id="a number beyond all bounds"),
        pytest.param(b'{"JobId":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"JobId":"\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"a":' * 100_000, id="nested too deeply"),
    ],
)
def test_broken_json(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        parameters(body)
    assert caught.value.kind.code == "SerializationException"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param(
            "MaxResults=10&NextToken=a%2Bb%3D", {"MaxResults": 10, "NextToken": "a+b="}, id="both"
        ),
        pytest.param("NextToken=a+b/c==", {"NextToken": "a+b/c=="}, id="a token as it is"),
        pytest.param("NextToken=", {"NextToken": ""}, id="the empty token"),
        pytest.param("MaxResults=1&MaxResults=2", {"MaxResults": 1}, id="the first of two"),
        pytest.param("MaxResults=-5", {"MaxResults": -5}, id="below zero"),
        pytest.param("JobId=x&X-Amz-Date=1&a", {}, id="other parameters"),
    ],
)
def test_members_of_the_query(query: str, expected: dict[str, object]) -> None:
    assert parse_query(query) == expected


@pytest.mark.parametrize("text", ["", "1.5", "1e3", "ten", "+1", "12345678901", "%D9%A1"])
def test_a_count_in_the_query_that_is_none(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_query(f"MaxResults={text}")

    assert caught.value.kind.code == "SerializationException"
