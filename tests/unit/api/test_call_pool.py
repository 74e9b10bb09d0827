import asyncio
import threading

import pytest

from passerby.api.call_pool import LONG_BODIES, LONG_BYTES, CallPool
from passerby.api.faults import Fault


def test_calls_beyond_the_places_wait_and_then_are_refused() -> None:
    async def crowd() -> list[str]:
        pool, done = CallPool(calls=1, waiting=1), list[str]()
        leave = asyncio.Event()

        async def call(name: str) -> None:
            async with pool.place(0):
                await leave.wait()
                done.append(name)

        first, second = (asyncio.create_task(call(name)) for name in ("first", "second"))
        await asyncio.sleep(0)
        with pytest.raises(Fault, match="ThrottlingException"):
            await call("third")
        leave.set()
        await asyncio.gather(first, second)
        await call("fourth")
        return done

    assert asyncio.run(crowd()) == ["first", "second", "fourth"]


@pytest.mark.parametrize("length", [LONG_BYTES + 1, None])
def test_long_bodies_have_fewer_places(length: int | None) -> None:
    async def crowd() -> tuple[int, int]:
        pool, leave = CallPool(), asyncio.Event()
        inside = {"long": 0, "short": 0}

        async def call(kind: str, body_bytes: int | None) -> None:
            async with pool.place(body_bytes):
                inside[kind] += 1
                await leave.wait()

        calls = [asyncio.create_task(call("long", length)) for _ in range(LONG_BODIES + 3)]
        calls.append(asyncio.create_task(call("short", LONG_BYTES)))
        for _ in range(5):
            await asyncio.sleep(0)
        seen = inside["long"], inside["short"]
        leave.set()
        await asyncio.gather(*calls)
        return seen

    assert asyncio.run(crowd()) == (LONG_BODIES, 1)


def test_calls_of_another_pool_go_on_where_all_threads_of_one_hang() -> None:
    async def crowd() -> str:
        hanging, other, release = CallPool(calls=2), CallPool(calls=1), threading.Event()
        hung = [asyncio.create_task(hanging.run(release.wait)) for _ in range(5)]
        answer = await other.run(lambda: "answered")
        assert not any(task.done() for task in hung)
        release.set()
        await asyncio.gather(*hung)
        return answer

    assert asyncio.run(crowd()) == "answered"
