"""What a worker process does beside the jobs: deliver messages, remove what is old."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from passerby.assembly import Installation
from passerby.cloud.webhook import Notification, Webhook, post
from passerby.errors import NowhereToSend
from passerby.jobs.dispatch import dispatch
from passerby.jobs.job import utc_now
from passerby.jobs.message import QueuedMessage
from passerby.jobs.sweeper import keep_swept, sweep
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.cloud.sns import Topics

Errand = Callable[[threading.Event], None]  # goes on until the event is set

# Messages delivered at a time: a receiver that lets its callers wait holds up one.
DISPATCHERS = 4


def errands(installation: Installation) -> list[Errand]:
    """All errands of a worker process, each for a thread of its own."""
    deliver = partial(_deliver, _webhooks(installation.settings), _topics(installation.settings))
    dispatcher = partial(dispatch, installation.outbox, deliver)
    return [*[dispatcher] * DISPATCHERS, partial(keep_swept, partial(_sweep, installation))]


def _deliver(webhooks: Sequence[Webhook], topics: "Topics | None", message: QueuedMessage) -> None:
    """Deliver to the first webhook for the topic, else to the topic itself."""
    topic = message.address["topic"]
    for webhook in webhooks:
        if webhook.stands_for(topic):
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
    """SNS, where it is set."""
    if not settings.sns and settings.sns_endpoint_url is None:
        return None
    from passerby.cloud.sns import Roles, Topics  # noqa: PLC0415

    assumes = settings.assume_roles or settings.sts_endpoint_url is not None
    roles = Roles(settings.sts_endpoint_url) if assumes else None
    return Topics(settings.sns_endpoint_url, roles, utc_now)


def _sweep(installation: Installation) -> None:
    settings = installation.settings
    before = utc_now() - timedelta(days=settings.retention_days)
    sweep(
        installation.database,
        installation.results,
        settings.observations_folder,
        settings.data / "copies",
        before,
    )
