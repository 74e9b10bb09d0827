import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from passerby.access.rights import Rights
from passerby.api.authorization import SignedRequest
from passerby.api.exchange import Service, reply
from passerby.api.metrics import Metrics
from passerby.api.operations import ObjectFacts, Order, ResultsPage, Tracking
from passerby.api.rate_limits import RateLimiter
from passerby.api.signature import Authenticator
from passerby.api.tokens import PageTokens
from passerby.errors import JobNotFound, ObjectNotFound
from passerby.jobs.job import Job, NewJob

from .conftest import Key, Signer


class NothingThere:
    """Jobs, objects and results of a service that has none."""

    def find_repeated(self, new: NewJob) -> Job | None:
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
    tracking = Tracking(nothing, nothing, nothing, PageTokens(bytes(32)), 1, 1)
    return Service(Authenticator(client.find), {}, tracking, Metrics(NoJobs))


@dataclass(frozen=True)
class NoJobs:
    jobs: Mapping[str, int] = field(default_factory=dict)
    longest_wait_seconds: float = 0.0
    stalled_jobs: int = 0
    repeated_jobs: int = 0
    messages: Mapping[str, int] = field(default_factory=dict)
    longest_pending_seconds: float = 0.0


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
    assert line.startswith("r-1 400 GetPersonTracking SerializationException ")


def test_rights_come_after_the_constraints_and_before_the_rate(service: Service) -> None:
    reader = Signer(Key(rights=Rights(operations=("GetPersonTracking",))))
    rates = {"StartPersonTracking": RateLimiter(0.001, burst=1)}
    limited = replace(service, authenticator=Authenticator(reader.find), rates=rates)

    assert refusal(limited, reader(b"{}", START)) == (400, "ValidationException")
    for _ in range(2):
        assert refusal(limited, reader(VIDEO, START)) == (400, "AccessDeniedException")


def test_calls_beyond_the_rate(service: Service) -> None:
    ours, theirs = Signer(Key()), Signer(Key(id="AKIATHEIRS", account_id="210987654321"))
    rates = {"StartPersonTracking": RateLimiter(0.001, burst=2)}
    limited = replace(
        service,
        authenticator=Authenticator(lambda key_id: ours.find(key_id) or theirs.find(key_id)),
        rates=rates,
    )

    codes = [refusal(limited, ours(VIDEO, START))[1] for _ in range(3)]

    assert codes == [
        *["InvalidS3ObjectException"] * 2,
        "ProvisionedThroughputExceededException",
    ]
    assert refusal(limited, theirs(VIDEO, START))[1] == "InvalidS3ObjectException"
    assert refusal(limited, ours(b'{"JobId":"x"}'))[1] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("/?MaxResults=0", b'{"JobId":"x"}', "ValidationException", id="query"),
        pytest.param(
            "/?MaxResults=0",
            b'{"JobId":"x","MaxResults":1}',
            "ResourceNotFoundException",
            id="the body goes first",
        ),
        pytest.param(
            "/?MaxResults=two", b'{"JobId":"x"}', "SerializationException", id="not a number"
        ),
        pytest.param(
            "/?JobId=y", b'{"JobId":"x"}', "ResourceNotFoundException", id="no other member"
        ),
    ],
)
def test_members_in_the_query(
    service: Service, client: Signer, path: str, body: bytes, code: str
) -> None:
    assert refusal(service, client(body, path=path))[1] == code


@pytest.mark.parametrize(
    ("body", "target", "code"),
    [
        pytest.param(VIDEO, START, "InvalidS3ObjectException", id="as it was sent"),
        pytest.param(b'{"JobId":"x"}', START, "ValidationException", id="a Get made a Start"),
        pytest.param(
            VIDEO,
            "RekognitionService.GetPersonTracking",
            "ValidationException",
            id="a Start made a Get",
        ),
        pytest.param(
            b'{"JobId":"x","Video":{}}',
            "RekognitionService.GetPersonTracking",
            "InvalidSignatureException",
            id="a body of either",
        ),
        pytest.param(
            b'{"JobId":"x","Video":{}}', START, "InvalidSignatureException", id="or the other"
        ),
    ],
)
def test_an_unsigned_target_cannot_be_exchanged_for_another(
    service: Service, client: Signer, body: bytes, target: str, code: str
) -> None:
    assert refusal(service, client(body, target, target_signed=False))[1] == code


def test_what_the_query_says_is_for_one_operation_only(service: Service, client: Signer) -> None:
    request = client(VIDEO, START, path="/?MaxResults=two")

    assert refusal(service, request)[1] == "InvalidS3ObjectException"


def test_exchanges_are_counted(service: Service, client: Signer) -> None:
    reply(service, client(b'{"JobId":"x"}'), "r-1")
    reply(service, client(b"{", "Other.DetectFaces"), "r-2")

    exposed = service.metrics.exposition().decode()

    assert '{code="ResourceNotFoundException",operation="GetPersonTracking"} 1.0' in exposed
    assert '{code="UnknownOperationException",operation="unknown"} 1.0' in exposed
    assert 'passerby_request_seconds_count{operation="GetPersonTracking"} 1.0' in exposed


def test_nothing_secret_is_logged(
    service: Service, client: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    holder = Signer(Key(session_token="very-secret-token"))
    service = replace(service, authenticator=Authenticator(holder.find))
    good = holder(b'{"JobId":"crash"}')
    signature = (good.header("authorization") or "").rpartition("=")[2]
    requests = (good, replace(good, body=b"{}"), client(), replace(good, headers=()))

    with caplog.at_level(logging.DEBUG):
        for request in requests:
            reply(service, request, "r-1")

    assert len(caplog.records) == 5
    for secret in (holder.key.secret, "very-secret-token", signature):
        assert secret not in caplog.text
