import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.errors import JobNotFound
from passerby.records import Sightings
from passerby.results.store import Order, Results, index_order

MakeSightings = Callable[[int], Sightings]

JOB = "ab" * 32
OTHER_JOB = "cd" * 32


def assert_equal(actual: Sightings, expected: Sightings) -> None:
    for one, other in zip(arrays(actual), arrays(expected), strict=True):
        np.testing.assert_array_equal(one, other)


def arrays(sightings: Sightings) -> list[NDArray[Any]]:
    *own, faces = astuple(sightings)
    return [*own, *faces]


def brute_force_index_order(sightings: Sightings) -> list[int]:
    def key(row: int) -> tuple[int, float, int]:
        return (
            int(sightings.person_index[row]),
            -float(sightings.confidence[row]),
            int(sightings.timestamp_ms[row]),
        )

    return sorted(range(len(sightings)), key=key)


@pytest.mark.parametrize("count", [0, 1, 500])
def test_index_order(make_sightings: MakeSightings, count: int) -> None:
    sightings = make_sightings(count)

    assert index_order(sightings).tolist() == brute_force_index_order(sightings)


@pytest.mark.parametrize("order", ["timestamp", "index"])
def test_a_job_that_found_nobody(
    make_sightings: MakeSightings, tmp_path: Path, order: Order
) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(0))

    page = results.page(JOB, order, offset=0, count=1000)

    assert len(page.sightings) == 0
    assert page.sightings.xyxy.shape == (0, 4)
    assert page.next_offset is None


@pytest.mark.parametrize("order", ["timestamp", "index"])
@pytest.mark.parametrize(
    ("total", "count"),
    [
        pytest.param(1, 1000, id="a single row"),
        pytest.param(2000, 1000, id="the last page is full"),
        pytest.param(10_000, 3_500, id="pages across row groups"),
        pytest.param(12_501, 12_500, id="a page over several row groups"),
        pytest.param(12_501, 999, id="many pages"),
    ],
)
def test_the_pages_are_the_rows(
    make_sightings: MakeSightings, tmp_path: Path, order: Order, total: int, count: int
) -> None:
    sightings = make_sightings(total)
    results = Results(tmp_path)
    results.write(JOB, sightings)
    rows = np.arange(total)
    if order == "index":
        rows = np.array(brute_force_index_order(sightings))

    offset: int | None = 0
    while offset is not None:
        page = results.page(JOB, order, offset, count)
        assert_equal(page.sightings, sightings.take(rows[offset : offset + count]))
        assert page.next_offset == (offset + count if offset + count < total else None)
        offset = page.next_offset


@pytest.mark.parametrize("offset", [5_000, 5_001, 1_000_000])
def test_beyond_the_end_there_is_nothing(
    make_sightings: MakeSightings, tmp_path: Path, offset: int
) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(5_000))

    page = results.page(JOB, "timestamp", offset, 10)

    assert len(page.sightings) == 0
    assert page.next_offset is None


@pytest.mark.parametrize(("offset", "count"), [(-1, 10), (0, 0)])
def test_a_page_that_cannot_be(tmp_path: Path, offset: int, count: int) -> None:
    with pytest.raises(ValueError, match="no such page"):
        Results(tmp_path).page(JOB, "timestamp", offset, count)


@pytest.mark.parametrize("job_id", ["", "..", "AB" * 32, "ab" * 31, f"../{JOB}"])
def test_a_job_id_never_becomes_another_path(
    make_sightings: MakeSightings, tmp_path: Path, job_id: str
) -> None:
    with pytest.raises(ValueError, match="job id"):
        Results(tmp_path).write(job_id, make_sightings(1))


def test_results_that_are_not_there(make_sightings: MakeSightings, tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(10))

    with pytest.raises(JobNotFound):
        results.page(OTHER_JOB, "timestamp", 0, 10)


def test_writing_again_replaces(make_sightings: MakeSightings, tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(10))
    results.page(JOB, "timestamp", 0, 10)

    results.write(JOB, make_sightings(20))

    assert_equal(results.page(JOB, "timestamp", 0, 99).sightings, make_sightings(20))
    assert [path.name for path in tmp_path.iterdir()] == [JOB]


def test_a_failed_write_leaves_what_was_there(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(10))
    torn = replace(make_sightings(10), detected=np.ones(5, np.bool_))

    with pytest.raises(ValueError):  # noqa: PT011
        results.write(JOB, torn)

    assert len(results.page(JOB, "timestamp", 0, 99).sightings) == 10
    assert [path.name for path in tmp_path.iterdir()] == [JOB]


def test_a_draft_is_not_read_until_it_is_put_in_place(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    publish = results.draft(JOB, make_sightings(10))
    with pytest.raises(JobNotFound):
        results.page(JOB, "timestamp", 0, 10)
    assert [job_id for job_id, _ in results.drafts()] == [JOB]

    publish()
    publish()

    assert_equal(results.page(JOB, "timestamp", 0, 99).sightings, make_sightings(10))
    assert results.drafts() == []


def test_deleted_results_are_gone(make_sightings: MakeSightings, tmp_path: Path) -> None:
    results = Results(tmp_path)
    for job_id in (JOB, OTHER_JOB):
        results.write(job_id, make_sightings(10))
        results.page(job_id, "index", 0, 10)

    results.delete(JOB)
    results.delete(JOB)

    with pytest.raises(JobNotFound):
        results.page(JOB, "index", 0, 10)
    assert len(results.page(OTHER_JOB, "index", 0, 10).sightings) == 10


def test_more_jobs_than_files_are_kept_open(make_sightings: MakeSightings, tmp_path: Path) -> None:
    results = Results(tmp_path)
    job_ids = [f"{number:064x}" for number in range(40)]
    for number, job_id in enumerate(job_ids):
        results.write(job_id, make_sightings(number + 1))

    for _ in range(2):
        lengths = [len(results.page(job_id, "index", 0, 99).sightings) for job_id in job_ids]

        assert lengths == list(range(1, 41))


def test_many_threads_read_many_jobs_at_once(make_sightings: MakeSightings, tmp_path: Path) -> None:
    sightings = make_sightings(5_500)
    results = Results(tmp_path)
    job_ids = [f"{number:064x}" for number in range(20)]
    for job_id in job_ids:
        results.write(job_id, sightings)
    random = np.random.default_rng(1)
    wanted = [(random.choice(job_ids), int(random.integers(0, 5_500))) for _ in range(600)]

    with ThreadPoolExecutor(8) as pool:
        pages = pool.map(lambda want: results.page(want[0], "timestamp", want[1], 100), wanted)

        for (_, offset), page in zip(wanted, pages, strict=True):
            assert_equal(page.sightings, sightings.take(slice(offset, offset + 100)))


def test_a_page_costs_the_same_wherever_it_lies(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    Results(tmp_path).write(JOB, make_sightings(300_000))

    def best_of_five(offset: int) -> float:
        best = float("inf")
        for _ in range(5):
            results = Results(tmp_path)
            results.page(JOB, "timestamp", 150_000, 1000)  # opens the file
            start = time.process_time()
            results.page(JOB, "timestamp", offset, 1000)
            best = min(best, time.process_time() - start)
        return best

    # Without row-group arithmetic the last page costs dozens of times the first.
    assert best_of_five(295_000) < 5 * best_of_five(0)


@pytest.mark.parametrize(
    ("from_ms", "to_ms"),
    [
        pytest.param(0, 0, id="the first instant"),
        pytest.param(-100, -1, id="before all"),
        pytest.param(67, 133, id="between instants"),
        pytest.param(60_000, 64_000, id="some seconds"),
        pytest.param(0, 10**9, id="all"),
        pytest.param(10**9, 10**9 + 1, id="after all"),
        pytest.param(100, 50, id="backwards"),
    ],
)
def test_rows_of_a_stretch_of_time(
    make_sightings: MakeSightings, tmp_path: Path, from_ms: int, to_ms: int
) -> None:
    sightings = make_sightings(12_501)
    results = Results(tmp_path)
    results.write(JOB, sightings)
    time = sightings.timestamp_ms

    found = results.between(JOB, from_ms, to_ms)

    assert_equal(found, sightings.take((from_ms <= time) & (time <= to_ms)))


def test_a_stretch_of_time_where_nobody_was_found(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(0))

    assert len(results.between(JOB, 0, 1000)) == 0
    with pytest.raises(JobNotFound):
        results.between(OTHER_JOB, 0, 1000)


def test_what_was_made_of_a_result_is_made_once_and_goes_with_it(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    results.write(JOB, make_sightings(10))
    made: list[Path] = []

    def make(folder: Path) -> bytes:
        made.append(folder)
        return b"made"

    assert [results.read_or_make(JOB, "x.json", make) for _ in range(2)] == [b"made", b"made"]
    assert made == [tmp_path / JOB]
    results.write(JOB, make_sightings(20))
    assert results.read_or_make(JOB, "x.json", lambda _: b"anew") == b"anew"
    with pytest.raises(JobNotFound):
        results.read_or_make(OTHER_JOB, "x.json", make)
