"""Against moto: its SNS, SQS, STS and IAM, with and without checks of rights."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.client import BaseClient
from tests.dripping import ask_dripping, dripping

from passerby.cloud import sns
from passerby.cloud.sns import RENEWAL, Roles, Topics
from passerby.errors import DeliveryError
from passerby.jobs.outbox import ATTEMPT_TIMEOUT

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/teller"
USER = "arn:aws:iam::123456789012:user/passerby"
MISSING = f"arn:aws:sns:{REGION}:123456789012:missing"


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What passerby finds in its environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def client(moto_url: str, service: str, region: str = REGION) -> BaseClient:
    return boto3.client(
        service,
        endpoint_url=moto_url,
        region_name=region,
        aws_access_key_id="AKIAOWNER",
        aws_secret_access_key="owner",
    )


class Subscribed:
    """A topic, and the queue that hears it."""

    def __init__(self, moto_url: str, name: str, region: str = REGION) -> None:
        self._sqs = client(moto_url, "sqs", region)
        sns = client(moto_url, "sns", region)
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._queue, AttributeNames=["QueueArn"]
        )
        self.topic_arn: str = sns.create_topic(Name=name)["TopicArn"]
        queue_arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=queue_arn)

    def heard(self) -> list[str]:
        got = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["Message"] for message in got.get("Messages", [])]


def control(moto_url: str, path: str, body: str = "") -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{moto_url}/moto-api/{path}",
        data=body.encode(),
        headers={"Content-Type": "text/plain"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 200


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_message_is_heard_in_its_region(moto_url: str, region: str) -> None:
    subscribed = Subscribed(moto_url, f"region-{region}", region)

    Topics(moto_url, None, utc_now).publish(subscribed.topic_arn, ROLE, '{"JobId":"ü"}')

    assert subscribed.heard() == ['{"JobId":"ü"}']


def test_a_topic_that_does_not_exist(moto_url: str) -> None:
    with pytest.raises(DeliveryError, match="Publish was refused: NotFound"):
        Topics(moto_url, None, utc_now).publish(MISSING, ROLE, "{}")


def test_an_endpoint_that_is_away() -> None:
    with pytest.raises(DeliveryError, match="SNS cannot be used"):
        Topics("http://127.0.0.1:9", None, utc_now).publish(MISSING, ROLE, "{}")


def test_a_region_that_cannot_be_one(moto_url: str) -> None:
    topic = "arn:aws:sns:no region:123456789012:missing"

    with pytest.raises(DeliveryError, match="SNS cannot be used"):
        Topics(moto_url, None, utc_now).publish(topic, ROLE, "{}")


def test_without_credentials(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    with pytest.raises(DeliveryError, match="credentials"):
        Topics(moto_url, None, utc_now).publish(MISSING, ROLE, "{}")


class Enforced:
    """A user who may do nothing but assume a role, which may publish."""

    def __init__(self, moto_url: str) -> None:
        iam = client(moto_url, "iam")
        iam.create_user(UserName="passerby")
        self.key = iam.create_access_key(UserName="passerby")["AccessKey"]
        _allow(iam.put_user_policy, {"UserName": "passerby"}, "sts:AssumeRole")
        self.teller = _role(iam, "teller", "sns:Publish")
        self.mute = _role(iam, "mute", "s3:GetObject")


def _role(iam: BaseClient, name: str, action: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]
    _allow(iam.put_role_policy, {"RoleName": name}, action)
    return str(role["Arn"])


def _allow(put_policy: object, who: dict[str, str], action: str) -> None:
    assert callable(put_policy)
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    put_policy(PolicyName="only", PolicyDocument=document, **who)


@pytest.fixture
def subscribed(moto_url: str) -> Subscribed:
    return Subscribed(moto_url, f"enforced-{utc_now():%H%M%S%f}")


@pytest.fixture
def enforced(
    moto_url: str, subscribed: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Enforced]:
    """Rights are checked from here on, and passerby is that user."""
    assert subscribed.topic_arn
    user = Enforced(moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.key["SecretAccessKey"])
    control(moto_url, "reset-auth", "0")
    yield user
    control(moto_url, "reset-auth", "inf")
    control(moto_url, "reset")


def heard_without_checks(moto_url: str, subscribed: Subscribed) -> list[str]:
    control(moto_url, "reset-auth", "inf")
    return subscribed.heard()


def test_the_role_may_what_passerby_may_not(
    moto_url: str, subscribed: Subscribed, enforced: Enforced
) -> None:
    with pytest.raises(DeliveryError, match="Publish was refused: AccessDenied"):
        Topics(moto_url, None, utc_now).publish(subscribed.topic_arn, enforced.teller, "no")

    roles = Topics(moto_url, Roles(moto_url), utc_now)
    roles.publish(subscribed.topic_arn, enforced.teller, "yes")

    assert heard_without_checks(moto_url, subscribed) == ["yes"]


def test_a_role_without_the_right(
    moto_url: str, subscribed: Subscribed, enforced: Enforced
) -> None:
    roles = Topics(moto_url, Roles(moto_url), utc_now)

    with pytest.raises(DeliveryError, match="Publish was refused: AccessDenied"):
        roles.publish(subscribed.topic_arn, enforced.mute, "no")


def test_a_role_that_may_not_be_assumed(
    moto_url: str,
    subscribed: Subscribed,
    enforced: Enforced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    with pytest.raises(DeliveryError, match="AssumeRole was refused: SignatureDoesNotMatch"):
        Topics(moto_url, Roles(moto_url), utc_now).publish(
            subscribed.topic_arn, enforced.teller, "no"
        )


def test_a_role_is_assumed_anew_before_it_ends(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribed = Subscribed(moto_url, "renewal")
    now = utc_now()
    topics = Topics(moto_url, Roles(moto_url), lambda: now)
    topics.publish(subscribed.topic_arn, ROLE, "first")
    # From here on, whoever asks for a role is refused for want of credentials.
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    now += timedelta(hours=1) - RENEWAL - timedelta(minutes=1)
    topics.publish(subscribed.topic_arn, ROLE, "second")
    now += timedelta(minutes=2)
    with pytest.raises(DeliveryError, match="credentials"):
        topics.publish(subscribed.topic_arn, ROLE, "third")

    assert subscribed.heard() == ["first", "second"]


@pytest.mark.parametrize("roles", [False, True], ids=["SNS", "STS"])
def test_an_endpoint_that_drips(
    moto_url: str,
    monkeypatch: pytest.MonkeyPatch,
    roles: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(sns, "TOTAL_SECONDS", 0.3)
    with dripping() as drips:
        topics = (
            Topics(moto_url, Roles(drips.url), utc_now)
            if roles
            else Topics(drips.url, None, utc_now)
        )

        def publish() -> None:
            with pytest.raises(DeliveryError, match=r"no answer within 0\.3 seconds"):
                topics.publish(MISSING, ROLE, "{}")

        ask_dripping(drips, publish)


def test_two_calls_are_over_before_the_message_is_claimed_again() -> None:
    assert ATTEMPT_TIMEOUT.total_seconds() > 2 * sns.TOTAL_SECONDS
