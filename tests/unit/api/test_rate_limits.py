import pytest

from passerby.api.rate_limits import RateLimiter


@pytest.fixture
def seconds() -> list[float]:
    return [1000.0]


def test_a_burst_and_then_as_it_fills(seconds: list[float]) -> None:
    rate = RateLimiter(2, burst=3, clock=lambda: seconds[0])

    assert [rate.take("a") for _ in range(4)] == [True, True, True, False]
    seconds[0] += 0.5
    assert [rate.take("a") for _ in range(2)] == [True, False]
    seconds[0] += 1000
    assert [rate.take("a") for _ in range(4)] == [True, True, True, False]


def test_what_is_refused_costs_nothing(seconds: list[float]) -> None:
    rate = RateLimiter(1, burst=1, clock=lambda: seconds[0])
    assert rate.take("a")
    for _ in range(9):
        seconds[0] += 0.1
        assert not rate.take("a")

    seconds[0] += 0.11
    assert rate.take("a")


def test_names_do_not_share(seconds: list[float]) -> None:
    rate = RateLimiter(1, burst=1, clock=lambda: seconds[0])

    assert rate.take("a")
    assert rate.take("b")
    assert not rate.take("a")


def test_the_name_unused_for_longest_is_forgotten(seconds: list[float]) -> None:
    rate = RateLimiter(1, burst=2, names_limit=2, clock=lambda: seconds[0])
    for name in "aabbacc":
        rate.take(name)

    assert rate.take("a")  # as a new one, for "c" took its place
    assert not rate.take("c")


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0.5)])
def test_impossible_rates(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match=f"{per_second} per second"):
        RateLimiter(per_second, burst)
