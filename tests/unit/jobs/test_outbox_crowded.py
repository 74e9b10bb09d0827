"""Several dispatchers at one outbox."""

import threading
import time
from collections import Counter

from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.database.connection import Database
from passerby.jobs.dispatch import dispatch
from passerby.jobs.job import NewJob
from passerby.jobs.message import DeliveryState, OutgoingMessage, QueuedMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.store import JobStore

MESSAGES = 60


def test_each_message_is_delivered_once(database: Database) -> None:
    store = JobStore(database, message_of=lambda job: OutgoingMessage({}, job.id))
    outbox = Outbox(database)
    delivered: Counter[str] = Counter()

    def deliver(message: QueuedMessage) -> None:
        time.sleep(0.001)
        delivered[message.body] += 1

    stop = threading.Event()
    threads = [threading.Thread(target=dispatch, args=(outbox, deliver, stop)) for _ in range(4)]
    for thread in threads:
        thread.start()
    job_ids = [
        store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=1000).id
        for _ in range(MESSAGES)
    ]
    for job_id in job_ids:
        store.cancel(job_id)
    wait_until(lambda: delivered.total() >= MESSAGES)
    stop.set()
    for thread in threads:
        thread.join(timeout=PATIENCE_SECONDS)

    assert delivered == Counter(job_ids)
    states = {delivery.state for delivery in outbox.deliveries(job_ids).values()}
    assert states == {DeliveryState.DELIVERED}
