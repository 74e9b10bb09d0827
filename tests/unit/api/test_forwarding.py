import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from passerby.access.rights import Rights
from passerby.api.exchange import Reply, Service, reply
from passerby.api.forwarding import Forwarding
from passerby.api.metrics import Metrics
from passerby.api.operations import Tracking
from passerby.api.signature import Authenticator
from passerby.api.tokens import PageTokens
from passerby.errors import ForwardingError

from .conftest import Key, Signer
from .test_exchange import NoJobs, NothingThere

DETECT = "RekognitionService.DetectLabels"
IMAGE = {"Image": {"S3Object": {"Bucket": "cctv", "Name": "a.jpg"}}}


@dataclass(frozen=True)
class Told:
    status: int = 200
    body: bytes = b'{"Labels":[]}'
    headers: Mapping[str, str] = field(default_factory=lambda: {"x-amzn-RequestId": "theirs"})


@dataclass
class Other:
    """An endpoint that remembers what it was sent."""

    answer: Told = field(default_factory=Told)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    error: ForwardingError | None = None

    def send(self, operation: str, body: bytes) -> Told:
        self.sent.append((operation, body))
        if self.error is not None:
            raise self.error
        return self.answer


@pytest.fixture
def other() -> Other:
    return Other()


def service(other: Other | None, holder: Signer, operations: tuple[str, ...] = ()) -> Service:
    nothing = NothingThere()
    tracking = Tracking(nothing, nothing, nothing, PageTokens(bytes(32)), 1, 1)
    forwarding = None if other is None else Forwarding(other, operations)
    authenticator = Authenticator(holder.find)
    return Service(authenticator, {}, tracking, Metrics(NoJobs), forwarding=forwarding)


def holder(*operations: str, **rights: tuple[str, ...]) -> Signer:
    return Signer(
        Key(rights=Rights(operations, rights.get("videos", ()), rights.get("topics", ())))
    )


def refusal(answer: Reply) -> tuple[str, str]:
    members = json.loads(answer.body)
    return members["__type"], members.get("message") or members.get("Message") or ""


def as_body(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_call_goes_and_its_answer_comes_as_they_are(other: Other) -> None:
    client = holder("Detect*")
    body = b'{ "Image" : {"Bytes":"AAAA"}, "Image":1}'

    answer = reply(service(other, client), client(body, DETECT), "ours")

    assert other.sent == [("DetectLabels", body)]
    assert (answer.status, answer.body) == (200, b'{"Labels":[]}')
    assert answer.headers["x-amzn-RequestId"] == "theirs"


def test_errors_of_the_other_side_are_passed_back(other: Other) -> None:
    client = holder("*")
    other.answer = Told(400, b'{"__type":"ImageTooLargeException","Message":"too large"}')

    answer = reply(service(other, client), client(b"{}", DETECT), "ours")

    assert (answer.status, answer.body) == (400, other.answer.body)


def test_without_forwarding_a_sentence_says_what_to_do() -> None:
    client = holder("*")

    code, text = refusal(reply(service(None, client), client(b"{}", DETECT), "r"))

    assert code == "UnknownOperationException"
    assert "DetectLabels" in text
    assert "forward_others = true" in text


@pytest.mark.parametrize(
    ("rights", "allowed", "code"),
    [
        pytest.param((), (), "AccessDeniedException", id="a key without limits"),
        pytest.param(("GetPersonTracking",), (), "AccessDeniedException", id="for another one"),
        pytest.param(("DetectLabels",), (), None, id="by name"),
        pytest.param(("Detect*",), ("DetectL*", "x"), None, id="by patterns on both sides"),
        pytest.param(("*",), ("DetectFaces",), "UnknownOperationException", id="not forwarded"),
    ],
)
def test_who_may_call_what(
    other: Other, rights: tuple[str, ...], allowed: tuple[str, ...], code: str | None
) -> None:
    client = holder(*rights)

    answer = reply(service(other, client, allowed), client(b"{}", DETECT), "r")

    assert (refusal(answer)[0] if code else None) == code
    assert bool(other.sent) is (code is None)


def test_the_own_operations_are_never_forwarded(other: Other) -> None:
    client = holder("*")

    answer = reply(service(other, client), client(b'{"JobId":"x"}'), "r")

    assert refusal(answer)[0] == "ResourceNotFoundException"
    assert other.sent == []


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda request: replace(request, body=b"[]"), id="another body"),
        pytest.param(
            lambda request: replace(
                request,
                headers=tuple(
                    (name, value.replace("DetectLabels", "DeleteFaces"))
                    for name, value in request.headers
                ),
            ),
            id="another operation",
        ),
        pytest.param(lambda request: replace(request, headers=()), id="no signature"),
    ],
)
def test_a_call_that_was_not_signed_like_this_goes_nowhere(other: Other, spoilt: object) -> None:
    client = holder("*")
    assert callable(spoilt)

    answer = reply(service(other, client), spoilt(client(b"{}", DETECT)), "r")

    assert answer.status == 400
    assert other.sent == []


def test_the_operation_must_be_signed(other: Other) -> None:
    client = holder("*")

    answer = reply(service(other, client), client(b"{}", DETECT, target_signed=False), "r")

    assert refusal(answer)[0] == "InvalidSignatureException"
    assert "'x-amz-target' must be a 'SignedHeader'" in refusal(answer)[1]
    assert other.sent == []


def test_a_call_does_not_go_round_in_a_circle(other: Other) -> None:
    client = holder("*")
    request = client(b"{}", DETECT)
    again = replace(request, headers=(*request.headers, ("via", "1.1 passerby")))

    assert "once already" in refusal(reply(service(other, client), again, "r"))[1]
    assert other.sent == []


CHANNEL = {"SNSTopicArn": "arn:aws:sns:us-east-1:000000000000:ours", "RoleArn": "r"}


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        pytest.param(IMAGE, True, id="an image of theirs"),
        pytest.param({"Image": {"Bytes": "AAAA"}}, True, id="an image in the request"),
        pytest.param({"JobId": "x"}, True, id="no image"),
        pytest.param({"Image": {"S3Object": {"Bucket": "hr", "Name": "a"}}}, False, id="another"),
        pytest.param({"Image": {"S3Object": {"bucket": "hr"}}}, False, id="in other letters"),
        pytest.param(
            {"A": [IMAGE, {"B": [{"S3Object": {"Bucket": "hr", "Name": "a"}}]}]}, False, id="deep"
        ),
        pytest.param({"OutputConfig": {"S3Bucket": "hr"}}, False, id="a place for results"),
        pytest.param({"OutputConfig": {"S3Bucket": "cctv"}}, True, id="a place of theirs"),
        pytest.param({**IMAGE, "NotificationChannel": CHANNEL}, True, id="a topic of theirs"),
        pytest.param(
            {"NotificationChannel": {"SNSTopicArn": "arn:aws:sns:::other"}}, False, id="another"
        ),
    ],
)
def test_limits_of_a_key_hold_for_what_is_forwarded(
    other: Other,
    body: Mapping[str, object],
    allowed: bool,  # noqa: FBT001
) -> None:
    client = holder("*", videos=("cctv/*",), topics=("arn:aws:sns:*:ours",))

    answer = reply(service(other, client), client(as_body(body), DETECT), "r")

    assert bool(other.sent) is allowed
    if allowed:
        assert json.loads(other.sent[0][1]) == body
    else:
        assert refusal(answer)[0] == "AccessDeniedException"


def test_what_a_limited_key_names_twice_is_sent_once(other: Other) -> None:
    client = holder("*", videos=("cctv/*",))
    body = b'{"Image":{"S3Object":{"Bucket":"hr","Name":"a"}},' + as_body(IMAGE)[1:]

    reply(service(other, client), client(body, DETECT), "r")

    assert [json.loads(sent) for _, sent in other.sent] == [IMAGE]
    assert b"hr" not in other.sent[0][1]


def test_an_endpoint_that_does_not_answer(other: Other, caplog: pytest.LogCaptureFixture) -> None:
    client = holder("*")
    other.error = ForwardingError("The other endpoint did not answer in time.")

    answer = reply(service(other, client), client(b"{}", DETECT), "r")

    assert answer.status == 500
    code, text = refusal(answer)
    assert code == "InternalServerError"
    assert text.startswith("Internal server error: DetectLabels is forwarded. The other")
    assert "did not answer in time" in caplog.text


def test_metrics_do_not_grow_with_the_names_that_are_sent(
    other: Other, caplog: pytest.LogCaptureFixture
) -> None:
    client = holder("*")
    forwarding = service(other, client)

    with caplog.at_level(logging.INFO):
        for name in ("DetectLabels", "DetectFaces", "Whatever7"):
            reply(forwarding, client(b"{}", f"RekognitionService.{name}"), "r")

    exposed = forwarding.metrics.exposition().decode()
    assert 'passerby_requests_total{code="OK",operation="forwarded"} 3.0' in exposed
    assert "Whatever7" not in exposed
    assert "r 200 Whatever7 OK" in caplog.text
