"""schemathesis as judge: does the server do what its own description says?"""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.waiting import PATIENCE_SECONDS

from passerby.access.keys import AccessKey

from .conftest import Server, a_walk

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
bounded = settings(
    max_examples=3 * settings().max_examples // 5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Signed(requests.auth.AuthBase):
    """Signs as AWS clients do."""

    def __init__(self, key: AccessKey) -> None:
        self._signer = SigV4Auth(Credentials(key.id, key.secret), "rekognition", "us-east-1")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(request.url or "")
        # As AWS clients encode: "+" is no blank to them. The fragment is never sent.
        query = str(parts.query).replace("+", "%20")
        request.url = urlunsplit(parts._replace(query=query, fragment=""))
        names = ("X-Amz-Target", "Content-Type")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        signed = AWSRequest(request.method, request.url, headers=headers, data=request.body)
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


@pytest.fixture(scope="module")
def described(server: Server) -> Any:  # noqa: ANN401 - JSON
    response = requests.get(f"{server.url}/openapi.json", timeout=PATIENCE_SECONDS)
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


@pytest.fixture(scope="module")
def schema(described: Any) -> BaseSchema:  # noqa: ANN401 - JSON
    return schemathesis.openapi.from_dict(described)


@pytest.fixture(scope="module")
def signed(server: Server) -> Signed:
    return Signed(server.keys.create("888888888888"))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", ["StartPersonTracking", "GetPersonTracking"])
@bounded
@given(data=st.data())
def test_the_server_does_what_its_description_says(
    server: Server,
    schema: BaseSchema,
    signed: Signed,
    name: str,
    mode: GenerationMode,
    data: st.DataObject,
) -> None:
    operation = schema[f"/#X-Amz-Target=RekognitionService.{name}"]["POST"]
    case: Case[Any] = data.draw(operation.as_strategy(generation_mode=mode))
    response = case.call(base_url=server.url, auth=signed)

    case.validate_response(response, checks=CHECKS)


def test_the_plain_form_with_members_in_the_query(server: Server, signed: Signed) -> None:
    def post(operation: str, members: dict[str, Any], query: str = "") -> Any:  # noqa: ANN401
        headers = {"X-Amz-Target": f"RekognitionService.{operation}"}
        return requests.post(
            f"{server.url}/{query}",
            json=members,
            headers=headers,
            auth=signed,
            timeout=PATIENCE_SECONDS,
        ).json()

    video = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
    job_id = post("StartPersonTracking", {"Video": video})["JobId"]
    server.finish(job_id, a_walk(5))

    first = post("GetPersonTracking", {"JobId": job_id}, "?MaxResults=2&NextToken=")
    token = quote(first["NextToken"], safe="")
    second = post("GetPersonTracking", {"JobId": job_id}, f"?MaxResults=2&NextToken={token}")
    body_first = post("GetPersonTracking", {"JobId": job_id, "MaxResults": 3}, "?MaxResults=2")

    assert [each["Timestamp"] for each in first["Persons"]] == [0, 1]
    assert [each["Timestamp"] for each in second["Persons"]] == [2, 3]
    assert len(body_first["Persons"]) == 3
