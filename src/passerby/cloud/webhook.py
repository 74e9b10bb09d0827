"""Post messages to a URL as SNS does, in its envelope or raw, with a signature.

Whoever reads SNS notifications over HTTP can read these. The signature is not SNS's,
which only AWS can make, but an HMAC with a secret that both sides know.

Source: Amazon SNS developer guide, "HTTP/HTTPS notification JSON format" and "Amazon SNS
raw message delivery".
"""

import fnmatch
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from urllib3.exceptions import HTTPError, ReadTimeoutError

from passerby.errors import DeliveryError
from passerby.outbound.connections import Connections
from passerby.outbound.deadline import Deadline

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
# For the whole attempt, whatever arrives meanwhile. Far shorter than the claim of a message
# (`passerby.jobs.outbox.ATTEMPT_TIMEOUT`).
TOTAL_SECONDS = 20.0

SIGNATURE_HEADER = "x-passerby-signature"
TIMESTAMP_HEADER = "x-passerby-timestamp"


@dataclass(frozen=True)
class Webhook:
    """A URL that receives the messages of all topics that match a pattern."""

    topics: str  # with wildcards: * any characters, ? one, [abc] one of these
    url: str = field(repr=False)  # http or https; may hold a password
    secret: str = field(repr=False)
    raw: bool = field(default=False, repr=False)  # the message alone, without the envelope

    def matches(self, topic_arn: str) -> bool:
        """Whether the webhook receives the messages of this topic."""
        return fnmatch.fnmatchcase(topic_arn, self.topics)


@dataclass(frozen=True)
class Notification:
    """The content of an envelope."""

    message_id: str  # a UUID
    topic_arn: str
    message: str
    timestamp: datetime  # aware; when it was queued, the same at each attempt


def post(webhook: Webhook, notification: Notification, now: datetime) -> None:
    """Post a notification to a webhook, in one attempt.

    Parameters
    ----------
    now : datetime
        Aware; of this attempt.

    Raises
    ------
    DeliveryError
        If there was no response, or one of another status than 2xx.
    """
    body = notification.message.encode() if webhook.raw else envelope(notification)
    headers = {
        "content-type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": notification.message_id,
        "x-amz-sns-topic-arn": notification.topic_arn,
        SIGNATURE_HEADER: signature(webhook.secret, body),
        TIMESTAMP_HEADER: _iso(now),
        "user-agent": "passerby",
    }
    if webhook.raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    status = _status(webhook.url, body, headers)
    if not 200 <= status < 300:  # noqa: PLR2004
        raise DeliveryError(f"The webhook answered {status}.")


def envelope(notification: Notification) -> bytes:
    """Write the body of the request; members, their order and blanks are those of SNS.

    The members by which SNS signs, and that to leave a topic, are empty.
    """
    members = {
        "Type": "Notification",
        "MessageId": notification.message_id,
        "TopicArn": notification.topic_arn,
        "Message": notification.message,
        "Timestamp": _iso(notification.timestamp),
        "SignatureVersion": "1",
        "Signature": "",
        "SigningCertURL": "",
        "UnsubscribeURL": "",
    }
    return json.dumps(members, indent=2, separators=(",", " : "), ensure_ascii=False).encode()


def signature(secret: str, body: bytes) -> str:
    """Compute the value of `SIGNATURE_HEADER`: HMAC (RFC 2104) with SHA-256 over the body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _status(url: str, body: bytes, headers: dict[str, str]) -> int:
    # The text of an error may hold the URL, and that a password: only its type is reported.
    try:
        # No connection is kept: jobs end minutes apart.
        with (
            Connections(CONNECT_SECONDS, READ_SECONDS) as connections,
            Deadline(TOTAL_SECONDS),
        ):
            # Nor is the answer read: its status says it all.
            answer = connections.request("POST", url, headers, body)
            answer.close()
    except (ReadTimeoutError, TimeoutError) as error:
        raise DeliveryError("The webhook did not answer in time.") from error
    except HTTPError as error:
        raise DeliveryError(f"The webhook cannot be reached: {type(error).__name__}.") from error
    return answer.status


def _iso(moment: datetime) -> str:
    """A moment as SNS writes it.

    >>> _iso(datetime(2019, 10, 15, 10, 54, 29, 110000, UTC))
    '2019-10-15T10:54:29.110Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
