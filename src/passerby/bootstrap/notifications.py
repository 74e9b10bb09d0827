"""Deliver messages about ended jobs: to a webhook, or to the SNS topic."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from passerby.clock import utc_now
from passerby.cloud.webhook import Notification, Webhook, post
from passerby.errors import NowhereToSend
from passerby.jobs.job import JsonObject
from passerby.jobs.message import QueuedMessage
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.cloud.sns import Topics


def delivery(settings: Settings) -> Callable[[QueuedMessage], None]:
    """Build the function that tries once to deliver a message about an ended job."""
    return partial(_deliver, _webhooks(settings), _topics(settings))


def destinations(settings: Settings) -> Callable[[JsonObject], str]:
    """Build the function that names where a message to an address goes.

    That is the server of a webhook, or SNS at its endpoint, or for an account in a region.
    """
    return partial(_destination, _webhooks(settings), settings.sns_endpoint_url)


def _destination(
    webhooks: Sequence[Webhook], sns_endpoint_url: str | None, address: JsonObject
) -> str:
    topic = address["topic"]
    webhook = _webhook_for(webhooks, topic)
    if webhook is not None:
        return _server(webhook.url)
    return sns_endpoint_url or topic.rpartition(":")[0]


def _server(url: str) -> str:
    """Host and port of a URL; all of it where it makes no sense."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower() or url
    except ValueError:
        return url


def _deliver(webhooks: Sequence[Webhook], topics: "Topics | None", message: QueuedMessage) -> None:
    """Deliver to the first webhook for the topic, else to the topic itself."""
    topic = message.address["topic"]
    webhook = _webhook_for(webhooks, topic)
    if webhook is not None:
        notification = Notification(message.id, topic, message.body, message.queued_at)
        post(webhook, notification, utc_now())
        return
    if topics is None:
        raise NowhereToSend(f"Neither SNS nor a webhook is set for {topic}.")
    topics.publish(topic, message.address["role"], message.body)


def _webhook_for(webhooks: Sequence[Webhook], topic: str) -> Webhook | None:
    return next((webhook for webhook in webhooks if webhook.matches(topic)), None)


def _webhooks(settings: Settings) -> list[Webhook]:
    return [Webhook(each.topics, each.url, each.secret, each.raw) for each in settings.webhooks]


def _topics(settings: Settings) -> "Topics | None":
    """Connect to SNS; None where it is not configured."""
    if not settings.sns and settings.sns_endpoint_url is None:
        return None
    from passerby.cloud.sns import Roles, Topics  # noqa: PLC0415

    assumes = settings.assume_roles or settings.sts_endpoint_url is not None
    roles = Roles(settings.sts_endpoint_url) if assumes else None
    return Topics(settings.sns_endpoint_url, roles, utc_now)
