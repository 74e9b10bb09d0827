"""Publish messages to SNS topics, at AWS or at any compatible endpoint.

The topic's name says its region. Where roles are assumed, the message is published
with the rights of the role that came with the job, as the original service did.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from passerby.cloud.watched_client import keep_deadlines
from passerby.errors import DeliveryError
from passerby.outbound.deadline import Deadline

# For one call, whatever arrives meanwhile: two of them, to STS and SNS, are far shorter than
# the claim of a message (`passerby.jobs.outbox.ATTEMPT_TIMEOUT`).
TOTAL_SECONDS = 20.0

# One attempt with short timeouts: whoever sends has a queue and tries again.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=15,
    retries={"total_max_attempts": 1},
)

# An assumed role is good for an hour (AWS STS API reference, AssumeRole) and taken
# anew while it is still good for some minutes.
RENEWAL = timedelta(minutes=5)
SESSION_NAME = "passerby"

# Regions and roles whose connections are kept.
OPEN_CLIENTS = 32

# Making clients is not safe from many threads.
_MAKING = threading.Lock()


@dataclass(frozen=True)
class Roles:
    """The STS endpoint at which roles are assumed."""

    endpoint_url: str | None = None  # AWS's own unless given


@dataclass(frozen=True)
class _Publisher:
    """A client, and the time until which its credentials are valid."""

    client: BaseClient
    good_until: datetime | None  # None: for ever


class Topics:
    """The topics behind one endpoint; safe to use from many threads.

    Parameters
    ----------
    endpoint_url : str or None
        AWS's own, of the topic's region, unless given.
    roles : Roles or None
        None: roles are not assumed, and passerby publishes with its own credentials.
        These are found as boto3 finds them.
    now : callable
        Reads the clock, as an aware time.
    """

    def __init__(
        self, endpoint_url: str | None, roles: Roles | None, now: Callable[[], datetime]
    ) -> None:
        self._endpoint_url = endpoint_url
        self._roles = roles
        self._now = now
        self._lock = threading.Lock()
        self._publishers: OrderedDict[tuple[str, str], _Publisher] = OrderedDict()

    def publish(self, topic_arn: str, role_arn: str, message: str) -> None:
        """Publish a message, in one attempt.

        Raises
        ------
        DeliveryError
            If the role cannot be assumed, or the topic not be reached or published to.
        """
        try:
            client = self._client(region_of(topic_arn), role_arn)
            with Deadline(TOTAL_SECONDS):
                client.publish(TopicArn=topic_arn, Message=message)
        except TimeoutError as error:
            raise DeliveryError(f"SNS or STS cannot be used: {error}.") from error
        except ClientError as error:
            raise DeliveryError(_refusal(error)) from error
        except (BotoCoreError, ValueError) as error:  # ValueError: no such region, no such URL
            raise DeliveryError(f"SNS cannot be used: {error}") from error

    def _client(self, region: str, role_arn: str) -> BaseClient:
        key = (region, role_arn if self._roles else "")
        with self._lock:
            publisher = self._publishers.get(key)
        if publisher is None or self._ends_soon(publisher):
            # STS is asked meanwhile, which may take its time: others go on.
            publisher = self._open_publisher(region, role_arn)
        with self._lock:
            self._publishers[key] = publisher
            self._publishers.move_to_end(key)
            if len(self._publishers) > OPEN_CLIENTS:
                self._publishers.popitem(last=False)
        return publisher.client

    def _ends_soon(self, publisher: _Publisher) -> bool:
        return publisher.good_until is not None and self._now() > publisher.good_until - RENEWAL

    def _open_publisher(self, region: str, role_arn: str) -> _Publisher:
        if self._roles is None:
            return _Publisher(self._connect(region), None)
        credentials = _assume_role(self._roles, region, role_arn)
        client = self._connect(
            region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        return _Publisher(client, credentials["Expiration"])

    def _connect(self, region: str, **credentials: str) -> BaseClient:
        return _connect("sns", region, self._endpoint_url, **credentials)


def _connect(service: str, region: str, endpoint_url: str | None, **credentials: str) -> BaseClient:
    with _MAKING:
        client = boto3.session.Session().client(
            service, region_name=region, endpoint_url=endpoint_url, config=CONFIG, **credentials
        )
    return keep_deadlines(client)


def region_of(topic_arn: str) -> str:
    """Return the region that is part of a topic's name.

    >>> region_of("arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone")
    'eu-west-1'
    """
    return topic_arn.split(":")[3]


def _assume_role(roles: Roles, region: str, role_arn: str) -> dict[str, Any]:
    client = _connect("sts", region, roles.endpoint_url)
    with Deadline(TOTAL_SECONDS):
        answer = client.assume_role(RoleArn=role_arn, RoleSessionName=SESSION_NAME)
    credentials: dict[str, Any] = answer["Credentials"]
    return credentials


def _refusal(error: ClientError) -> str:
    details = error.response.get("Error", {})
    return f"{error.operation_name} was refused: {details.get('Code')}: {details.get('Message')}"
