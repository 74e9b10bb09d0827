"""Deliver messages about ended jobs: to a webhook, or to the SNS topic."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from passerby.clock import utc_now
from passerby.cloud.webhook import Notification, Webhook, post
from passerby.errors import NowhereToSend
from passerby.jobs.message import QueuedMessage
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.cloud.sns import Topics


def delivery(settings: Settings) -> Callable[[QueuedMessage], None]:
    """Build the function that tries once to deliver a message about an ended job."""
    return partial(_deliver, _webhooks(settings), _topics(settings))


def _deliver(webhooks: Sequence[Webhook], topics: "Topics | None", message: QueuedMessage) -> None:
    """Deliver to the first webhook for the topic, else to the topic itself."""
    topic = message.address["topic"]
    for webhook in webhooks:
        if webhook.matches(topic):
            post(
                webhook, Notification(message.id, topic, message.body, message.queued_at), utc_now()
            )
            return
    if topics is None:
        raise NowhereToSend(f"Neither SNS nor a webhook is set for {topic}.")
    topics.publish(topic, message.address["role"], message.body)


def _webhooks(settings: Settings) -> list[Webhook]:
    return [Webhook(entry.topics, entry.url, entry.secret) for entry in settings.webhooks]


def _topics(settings: Settings) -> "Topics | None":
    """Connect to SNS; None where it is not configured."""
    if not settings.sns and settings.sns_endpoint_url is None:
        return None
    from passerby.cloud.sns import Roles, Topics  # noqa: PLC0415

    assumes = settings.assume_roles or settings.sts_endpoint_url is not None
    roles = Roles(settings.sts_endpoint_url) if assumes else None
    return Topics(settings.sns_endpoint_url, roles, utc_now)
