import time
from concurrent.futures import ThreadPoolExecutor

from passerby.inference.session import Image, Outputs, Session
from passerby.inference.session_cache import cache_sessions


class Blank:
    """A session that answers nothing."""

    def run(self, image: Image) -> Outputs:  # noqa: ARG002
        return []


def test_threads_that_ask_at_the_same_time_get_one_session() -> None:
    opened: list[Session] = []

    def open_slowly() -> Session:
        time.sleep(0.05)  # the others ask meanwhile
        opened.append(Blank())
        return opened[-1]

    session = cache_sessions(open_slowly)
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda _: session(), range(4)))

    assert len(opened) == 1
    assert all(each is opened[0] for each in got)


def test_a_session_for_each_size_and_the_last_used_are_kept() -> None:
    opened: list[tuple[int, int]] = []

    def open_session(width: int, height: int) -> Session:
        opened.append((width, height))
        return Blank()

    session = cache_sessions(open_session, at_most=2)
    for size in [(32, 32), (64, 32), (32, 32), (96, 32), (32, 32), (64, 32)]:
        session(*size)

    assert opened == [(32, 32), (64, 32), (96, 32), (64, 32)]
