import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.database.connection import Database
from passerby.errors import DeliveryError, NowhereToSend
from passerby.jobs.dispatch import Deliver, Lanes, dispatch
from passerby.jobs.job import NewJob
from passerby.jobs.message import Delivery, DeliveryState, OutgoingMessage, QueuedMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.store import JobStore


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def job_id(database: Database) -> str:
    """A job that has ended, its message in the outbox."""
    store = JobStore(database, message_of=lambda job: OutgoingMessage({}, str(job.state)))
    return store.cancel(store.submit(NewJob("000000000000", "Start", {}, {}), 1).id).id


@contextmanager
def dispatching(outbox: Outbox, deliver: Deliver) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=dispatch, args=(outbox, deliver, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=PATIENCE_SECONDS)
        assert not thread.is_alive()


def delivery_once(outbox: Outbox, job_id: str, condition: Callable[[Delivery], bool]) -> Delivery:
    wait_until(lambda: condition(outbox.deliveries([job_id])[job_id]))
    return outbox.deliveries([job_id])[job_id]


def settled(delivery: Delivery) -> bool:
    return delivery.state is not DeliveryState.PENDING


def test_a_message_arrives(outbox: Outbox, job_id: str) -> None:
    arrived: list[QueuedMessage] = []

    with dispatching(outbox, arrived.append):
        delivery = delivery_once(outbox, job_id, settled)

    assert [(message.job_id, message.body) for message in arrived] == [(job_id, "cancelled")]
    assert delivery.state is DeliveryState.DELIVERED


def test_a_receiver_that_is_away_at_first(outbox: Outbox, job_id: str) -> None:
    attempts: list[int] = []

    def deliver(message: QueuedMessage) -> None:
        attempts.append(message.attempt)
        if message.attempt < 3:
            raise DeliveryError("nobody home")

    with dispatching(outbox, deliver):
        delivery = delivery_once(outbox, job_id, settled)

    assert attempts == [1, 2, 3]
    assert (delivery.state, delivery.last_error) == (DeliveryState.DELIVERED, "nobody home")


def test_where_there_is_nobody_to_tell(outbox: Outbox, job_id: str) -> None:
    def deliver(_message: QueuedMessage) -> None:
        raise NowhereToSend

    with dispatching(outbox, deliver):
        delivery = delivery_once(outbox, job_id, settled)

    assert (delivery.state, delivery.attempts) == (DeliveryState.NOWHERE_TO_SEND, 1)


def test_a_defect_is_logged_tells_nothing_and_is_tried_again(
    outbox: Outbox, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    def deliver(message: QueuedMessage) -> None:
        if message.attempt == 1:
            raise ZeroDivisionError("the secret of the house")

    with caplog.at_level(logging.ERROR), dispatching(outbox, deliver):
        delivery = delivery_once(outbox, job_id, settled)

    assert delivery.state is DeliveryState.DELIVERED
    told = re.fullmatch(r"Internal error \(reference ([0-9a-f]{8})\)\.", delivery.last_error or "")
    assert told
    assert told[1] in caplog.text
    assert "the secret of the house" in caplog.text


class AbsentOnce(Outbox):
    """An outbox that cannot be reached the first time."""

    claims = 0

    def claim(self) -> QueuedMessage | None:
        self.claims += 1
        if self.claims == 1:
            raise OSError("no route to the database")
        return super().claim()


def test_an_outbox_out_of_reach(
    database: Database, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = AbsentOnce(database)

    with caplog.at_level(logging.ERROR), dispatching(outbox, lambda _message: None):
        delivery_once(outbox, job_id, settled)

    assert "no route to the database" in caplog.text


def queue(database: Database, addresses: list[str]) -> None:
    """Queue a message to each of these addresses, in this order."""
    store = JobStore(
        database,
        message_of=lambda job: OutgoingMessage({"topic": job.tag}, job.tag or ""),
    )
    for address in addresses:
        new = NewJob("000000000000", "Start", {}, {}, tag=address)
        store.cancel(store.submit(new, 100).id)


def test_a_destination_that_hangs_takes_one_dispatcher(database: Database) -> None:
    queue(database, ["slow/1", "slow/2", "slow/3", "slow/4", "slow/5", "good/1", "good/2"])
    outbox, lanes = Outbox(database), Lanes(lambda address: address["topic"].split("/")[0])
    stop, released = threading.Event(), threading.Event()
    begun: list[str] = []

    def deliver(message: QueuedMessage) -> None:
        begun.append(message.body)
        if message.body.startswith("slow"):
            released.wait(PATIENCE_SECONDS)

    threads = [
        threading.Thread(target=dispatch, args=(outbox, deliver, stop, lanes)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len([body for body in begun if body.startswith("good")]) == 2)
    held = [body for body in begun if body.startswith("slow")]
    released.set()
    wait_until(lambda: len(begun) == 7)
    stop.set()
    for thread in threads:
        thread.join(timeout=PATIENCE_SECONDS)

    assert len(held) == 1
    assert sorted(begun) == sorted({*begun})
