import logging
from dataclasses import replace

import msgspec
import pytest

from passerby.api.authorization import SignedRequest
from passerby.api.exchange import Service, reply
from passerby.api.operations import ObjectFacts, Order, ResultsPage, Tracking
from passerby.api.tokens import PageTokens
from passerby.errors import JobNotFound, ObjectNotFound
from passerby.jobs.job import Job, NewJob

from .conftest import Signer


class NothingThere:
    """Jobs, objects and results of a service that has none."""

    def repeated(self, new: NewJob) -> Job | None:
        del new
        return None

    def submit(self, new: NewJob, open_limit: int) -> Job:
        raise OSError(28, "No space left on device", f"{new.account_id} {open_limit}")

    def find(self, job_id: str, account_id: str) -> Job:
        if job_id == "crash":
            raise RuntimeError(f"secret detail of {account_id}")
        raise JobNotFound

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        raise ObjectNotFound(f"{bucket}/{key}?{version}")

    def page(self, job_id: str, order: Order, offset: int, count: int) -> ResultsPage:
        raise AssertionError(job_id, order, offset, count)


@pytest.fixture
def service(client: Signer) -> Service:
    nothing = NothingThere()
    return Service(client.find, Tracking(nothing, nothing, nothing, PageTokens(bytes(32)), 1, 1))


def refusal(service: Service, request: SignedRequest) -> tuple[int, str]:
    answer = reply(service, request, "r-1")
    return answer.status, msgspec.json.decode(answer.body)["__type"]


START = "RekognitionService.StartPersonTracking"
VIDEO = b'{"Video":{"S3Object":{"Bucket":"lobby","Name":"a"}}}'


@pytest.mark.parametrize(
    ("body", "target", "code"),
    [
        pytest.param(b"{", "Other.DetectFaces", "UnknownOperationException", id="target"),
        pytest.param(b"{", START, "SerializationException", id="broken JSON"),
        pytest.param(b'{"Video":1}', START, "SerializationException", id="wrong type"),
        pytest.param(b"{}", START, "ValidationException", id="constraint"),
        pytest.param(b'{"Video":{}}', START, "InvalidParameterException", id="business rule"),
        pytest.param(VIDEO, START, "InvalidS3ObjectException", id="no such object"),
    ],
)
def test_checks_come_in_the_order_of_the_service(
    service: Service, client: Signer, body: bytes, target: str, code: str
) -> None:
    request = client(body, target)
    unsigned = replace(request, headers=())

    assert refusal(service, unsigned) == (400, "MissingAuthenticationTokenException")
    assert refusal(service, request) == (400, code)


def test_an_unknown_job(service: Service, client: Signer) -> None:
    assert refusal(service, client(b'{"JobId":"x"}')) == (400, "ResourceNotFoundException")


def test_an_accident_is_told_to_the_log_and_not_to_the_client(
    service: Service, client: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = reply(service, client(b'{"JobId":"crash"}'), "r-1")

    assert answer.status == 500
    assert answer.body == (
        b'{"__type":"InternalServerError","Code":"InternalServerError",'
        b'"Message":"Internal server error"}'
    )
    assert "r-1 internal error" in caplog.text
    assert "secret detail" in caplog.text


def test_each_exchange_leaves_one_line_in_the_log(
    service: Service, client: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        reply(service, client(b"{"), "r-1")

    (line,) = caplog.messages
    assert line.startswith("r-1 400 SerializationException ")
