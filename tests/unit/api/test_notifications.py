from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.notifications import check_topic_region, notification_of
from passerby.jobs.job import Job, JobState
from passerby.records import Progress
from passerby.wire.messages import StartPersonTrackingRequest

TOPIC = "arn:aws:sns:us-east-1:123456789012:AmazonRekognitionDone"
ROLE = "arn:aws:iam::123456789012:role/teller"
REQUEST: dict[str, Any] = {
    "Video": {"S3Object": {"Bucket": "blobs", "Name": "15fps.mp4", "Version": "7"}},
    "NotificationChannel": {"SNSTopicArn": TOPIC, "RoleArn": ROLE},
}
ENDED = Job(
    id="43157b6b" * 8,
    account_id="123456789012",
    operation="StartPersonTracking",
    request=REQUEST,
    source={},
    tag=None,
    state=JobState.SUCCEEDED,
    progress=Progress(),
    status_message=None,
    video=None,
    counts=None,
    created_at=datetime(2019, 10, 15, 10, 54, tzinfo=UTC),
    started_at=None,
    ended_at=datetime(2019, 10, 15, 10, 54, 29, 13_999, UTC),
    attempt=1,
)


def body(job: Job) -> str:
    message = notification_of(job)
    assert message is not None
    return message.body


def test_the_message_is_the_services_own() -> None:
    assert body(ENDED) == (
        '{"JobId":"' + "43157b6b" * 8 + '","Status":"SUCCEEDED","API":"StartPersonTracking",'
        '"Timestamp":1571136869013,'
        '"Video":{"S3ObjectName":"15fps.mp4","S3Bucket":"blobs"}}'
    )


def test_a_tag_stands_before_the_time() -> None:
    tagged = replace(ENDED, request={**REQUEST, "JobTag": "a_tag"})

    assert '"API":"StartPersonTracking","JobTag":"a_tag","Timestamp":' in body(tagged)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_any_other_end_is_a_failure_without_a_reason(state: JobState) -> None:
    failed = replace(ENDED, state=state, status_message="Unsupported codec/format.")

    assert body(failed) == body(ENDED).replace("SUCCEEDED", "FAILED")


def test_topic_and_role_say_where_it_goes() -> None:
    message = notification_of(ENDED)

    assert message is not None
    assert message.address == {"topic": TOPIC, "role": ROLE}


def test_without_a_channel_nobody_is_told() -> None:
    assert notification_of(replace(ENDED, request={"Video": REQUEST["Video"]})) is None


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(None, id="no topic"),
        pytest.param(TOPIC, id="the topic of this region"),
        pytest.param(TOPIC.replace("123456789012", "999999999999"), id="another account's"),
    ],
)
def test_a_topic_that_can_be_told(topic: str | None) -> None:
    check_topic_region(asking(topic), "us-east-1")


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(TOPIC.replace("us-east-1", "eu-west-1"), id="another region's"),
        pytest.param(TOPIC.replace("us-east-1", ""), id="of no region"),
        pytest.param(TOPIC.replace("us-east-1", "x:us-east-1"), id="with a part too many"),
    ],
)
def test_a_topic_that_the_service_would_refuse(topic: str) -> None:
    with pytest.raises(Fault) as caught:
        check_topic_region(asking(topic), "us-east-1")

    assert caught.value.kind is faults.INVALID_PARAMETER


def asking(topic: str | None) -> StartPersonTrackingRequest:
    channel = {"SNSTopicArn": topic, "RoleArn": ROLE}
    request = {"Video": REQUEST["Video"]} | ({"NotificationChannel": channel} if topic else {})
    return msgspec.convert(request, StartPersonTrackingRequest)
