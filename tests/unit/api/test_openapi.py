import json
from typing import Any

import pytest

from passerby.api.openapi import description


@pytest.fixture(scope="module")
def described() -> Any:  # noqa: ANN401 - JSON
    return json.loads(json.dumps(description()))


def test_each_operation_has_its_path(described: Any) -> None:  # noqa: ANN401
    assert {path: each["post"]["operationId"] for path, each in described["paths"].items()} == {
        "/#X-Amz-Target=RekognitionService.StartPersonTracking": "StartPersonTracking",
        "/#X-Amz-Target=RekognitionService.GetPersonTracking": "GetPersonTracking",
    }


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param("MaxResults", {"type": "integer", "format": "int32", "minimum": 1}, id="int"),
        pytest.param("PaginationToken", {"type": "string", "maxLength": 255}, id="a length"),
        pytest.param(
            "JobId",
            {
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
                "pattern": "^(?:^[a-zA-Z0-9-_]+$)$",
            },
            id="a pattern",
        ),
        pytest.param(
            "PersonTrackingSortBy",
            {"type": "string", "enum": ["INDEX", "TIMESTAMP"]},
            id="a choice",
        ),
        pytest.param(
            "PersonDetections",
            {"type": "array", "items": {"$ref": "#/components/schemas/PersonDetection"}},
            id="a list",
        ),
        pytest.param(
            "Degree",
            {"type": "number", "format": "float", "minimum": -180, "maximum": 180},
            id="a range",
        ),
    ],
)
def test_shapes(described: Any, shape: str, expected: dict[str, object]) -> None:  # noqa: ANN401
    assert described["components"]["schemas"][shape] == expected


def test_every_mention_leads_somewhere(described: Any) -> None:  # noqa: ANN401
    schemas = described["components"]["schemas"]

    mentioned = set(mentions(described))

    assert mentioned
    assert mentioned <= {f"#/components/schemas/{name}" for name in schemas}


def mentions(value: Any) -> list[str]:  # noqa: ANN401
    if isinstance(value, list):
        return [found for each in value for found in mentions(each)]
    if not isinstance(value, dict):
        return []
    below = [found for each in value.values() for found in mentions(each)]
    return below + ([value["$ref"]] if "$ref" in value else [])


def test_answers_by_status(described: Any) -> None:  # noqa: ANN401
    start = described["paths"]["/#X-Amz-Target=RekognitionService.StartPersonTracking"]["post"]

    assert set(start["responses"]) == {"200", "400", "413", "500"}
    assert start["responses"]["500"]["description"] == "InternalServerError, ThrottlingException"
    assert "LimitExceededException" in start["responses"]["400"]["description"]
