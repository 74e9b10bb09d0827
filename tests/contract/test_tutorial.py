"""AWS's own tutorial programs, written anew from what they do: endpoint aside, unchanged.

A is the developer guide's Python program ("VideoDetect"), D the SDK's Python example
(`RekognitionVideo.do_person_tracking`).
"""

import json
import shutil
import time
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from tests.integration.conftest import BUCKET, SAMPLE, Service, done, serving
from tests.waiting import PATIENCE_SECONDS

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/RekognitionRole"


@pytest.fixture(scope="module")
def cloud(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, told where SNS is, and this program's environment, likewise."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("PASSERBY_SNS_ENDPOINT_URL", moto_url)
        environment.setenv("PASSERBY_STS_ENDPOINT_URL", moto_url)
        with serving(tmp_path_factory.mktemp("tutorial")) as running:
            shutil.copy(SAMPLE, running.bucket / "people.mp4")
            environment.setenv("AWS_ENDPOINT_URL", moto_url)
            for name, value in running.environment.items():
                environment.setenv(name, value)
            environment.setenv("AWS_ENDPOINT_URL_REKOGNITION", running.url)
            environment.setattr(boto3, "DEFAULT_SESSION", patient_session())
            yield running


def patient_session() -> boto3.Session:
    """A session with the credentials of the environment, and clients that wait for long.

    The one that boto3 keeps for a program may have other credentials: those of the first
    test that made a client.
    """
    session = botocore.session.Session()
    session.set_default_client_config(Config(read_timeout=PATIENCE_SECONDS))
    return boto3.Session(botocore_session=session)


class VideoDetect:
    """Tutorial A."""

    def __init__(self, role: str, bucket: str, video: str) -> None:
        self.rek = boto3.client("rekognition")
        self.sqs = boto3.client("sqs")
        self.sns = boto3.client("sns")
        self.role, self.bucket, self.video = role, bucket, video

    def create_topic_and_queue(self) -> None:
        millis = str(round(time.time() * 1000))
        topic = self.sns.create_topic(Name=f"AmazonRekognitionExample{millis}")
        self.topic_arn = topic["TopicArn"]
        queue_name = f"AmazonRekognitionQueue{millis}"
        self.sqs.create_queue(QueueName=queue_name)
        self.queue_url = self.sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["QueueArn"]
        )
        queue_arn = attributes["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=queue_arn)
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "MyPolicy",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": "SQS:SendMessage",
                    "Resource": queue_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": self.topic_arn}},
                }
            ],
        }
        self.sqs.set_queue_attributes(
            QueueUrl=self.queue_url, Attributes={"Policy": json.dumps(policy)}
        )

    def start(self) -> None:
        response = self.rek.start_person_tracking(
            Video={"S3Object": {"Bucket": self.bucket, "Name": self.video}},
            NotificationChannel={"RoleArn": self.role, "SNSTopicArn": self.topic_arn},
        )
        self.job_id: str = response["JobId"]

    def wait_for_status(self) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            received = self.sqs.receive_message(
                QueueUrl=self.queue_url, MessageAttributeNames=["ALL"], MaxNumberOfMessages=10
            )
            for message in received.get("Messages", []):
                notification = json.loads(message["Body"])
                told = json.loads(notification["Message"])
                # Twice for one receipt, as the program has it.
                for _ in range(2):
                    self.sqs.delete_message(
                        QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                    )
                if str(told["JobId"]) == self.job_id:
                    return str(told["Status"])
            assert time.monotonic() < deadline
            time.sleep(0.5)  # the program: 5

    def results(self) -> list[dict[str, Any]]:
        token, pages = "", []
        while True:
            page = self.rek.get_person_tracking(JobId=self.job_id, MaxResults=10, NextToken=token)
            pages.append(page)
            if "NextToken" not in page:
                return pages
            token = page["NextToken"]

    def delete_topic_and_queue(self) -> None:
        self.sqs.delete_queue(QueueUrl=self.queue_url)
        self.sns.delete_topic(TopicArn=self.topic_arn)


@pytest.mark.usefixtures("cloud")
def test_the_guides_program() -> None:
    program = VideoDetect(ROLE, BUCKET, "people.mp4")
    program.create_topic_and_queue()
    program.start()

    assert program.wait_for_status() == "SUCCEEDED"
    pages = program.results()
    program.delete_topic_and_queue()

    assert all(len(page["Persons"]) == 10 for page in pages[:-1])
    for page in pages:
        metadata = page["VideoMetadata"]
        assert (metadata["Codec"], metadata["Format"]) == ("h264", "QuickTime / MOV")
        assert (metadata["DurationMillis"], metadata["FrameRate"]) == (16000, 10.0)
    entries = [entry for page in pages for entry in page["Persons"]]
    seen = [(entry["Timestamp"], entry["Person"]["Index"]) for entry in entries]
    assert len(seen) > 100
    assert len(set(seen)) == len(seen)
    assert [timestamp for timestamp, _ in seen] == sorted(timestamp for timestamp, _ in seen)


def document(**statement: object) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_the_sdks_example(moto_url: str, cloud: Service) -> None:
    name = f"doc-example-{time.time_ns()}"
    sns, sqs, iam = (boto3.resource(part, endpoint_url=moto_url) for part in ("sns", "sqs", "iam"))
    rekognition = boto3.client("rekognition")
    topic = sns.create_topic(Name=name)
    queue = sqs.create_queue(QueueName=name, Attributes={"ReceiveMessageWaitTimeSeconds": "5"})
    queue_arn = queue.attributes["QueueArn"]
    queue.set_attributes(Attributes={"Policy": json.dumps({"Version": "2008-10-17"})})
    topic.subscribe(Protocol="sqs", Endpoint=queue_arn)
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=document(
            Principal={"Service": "rekognition.amazonaws.com"}, Action="sts:AssumeRole"
        ),
    )
    policy = iam.create_policy(
        PolicyName=name, PolicyDocument=document(Action="SNS:Publish", Resource=topic.arn)
    )
    role.attach_policy(PolicyArn=policy.arn)

    response = rekognition.start_person_tracking(
        Video={"S3Object": {"Bucket": BUCKET, "Name": "people.mp4"}},
        NotificationChannel={"RoleArn": role.arn, "SNSTopicArn": topic.arn},
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    messages: list[Any] = []
    while not messages:
        assert time.monotonic() < deadline
        messages = queue.receive_messages(MaxNumberOfMessages=1, WaitTimeSeconds=5)
    told = json.loads(json.loads(messages[0].body)["Message"])
    messages[0].delete()
    answer = rekognition.get_person_tracking(JobId=response["JobId"])
    role.detach_policy(PolicyArn=policy.arn)
    policy.delete()
    role.delete()
    queue.delete()
    topic.delete()

    assert told["JobId"] == response["JobId"]
    assert told["Status"] == "SUCCEEDED"
    assert list(told) == ["JobId", "Status", "API", "Timestamp", "Video"]
    assert told["Video"] == {"S3ObjectName": "people.mp4", "S3Bucket": BUCKET}
    assert len(answer["Persons"]) > 100
    shown = json.loads(done("jobs", "show", response["JobId"], "--data", cloud.data, "--json"))
    assert shown["notification"]["state"] == "delivered"
