from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from passerby.console import statistics
from passerby.console.statistics import StatisticsRequest, compute, compute_here
from passerby.errors import PasserbyError, PlacesError
from passerby.records import NO_FACE, Faces, Sightings
from passerby.results.tables import write_table


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Two people who walk for a second to the right, one below the other."""
    count = 22
    person = np.arange(count) % 2
    step = np.arange(count) // 2
    left = 10.0 * step
    sightings = Sightings(
        person_index=person.astype(np.int64),
        frame_index=step.astype(np.int64),
        timestamp_ms=step * 100,
        xyxy=np.stack([left, person * 100, left + 20, person * 100 + 60], 1).astype(np.float32),
        confidence=np.ones(count, np.float32),
        detected=np.ones(count, np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )
    write_table(sightings, tmp_path / "timestamp.parquet")
    return str(tmp_path / "timestamp.parquet")


@pytest.fixture
def request_of(table: str) -> Callable[..., StatisticsRequest]:
    def request_of(**members: object) -> StatisticsRequest:
        known = {"table": table, "width": 480, "height": 270, "duration_ms": 1000}
        return msgspec.convert(known | members, StatisticsRequest)

    return request_of


DOOR = {"lines": [{"name": "door", "from": [60, 200], "to": [60, 0]}]}


def test_counts_of_both_people_reach_to_the_last_sighting(
    request_of: Callable[..., StatisticsRequest],
) -> None:
    counts = compute_here(request_of(kind="counts"))

    assert counts == {"start_ms": 0, "step_ms": 200, "persons": [2] * 5 + [0]}


def test_heat_holds_the_time_of_everybody(request_of: Callable[..., StatisticsRequest]) -> None:
    seconds = np.array(compute_here(request_of(kind="heat"))["seconds"])

    assert seconds.shape == (27, 48)
    assert seconds.sum() == pytest.approx(2.0)


def test_a_process_computes_the_same_for_a_long_result(
    request_of: Callable[..., StatisticsRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(kind="summary", places=DOOR)
    here = compute(request, niceness=0)

    monkeypatch.setattr(statistics, "INLINE_ROWS_LIMIT", 0)

    assert compute(request, niceness=0) == here
    assert [here["lines"][0][way] for way in ("forward", "backward")] == [2, 0]


def test_places_that_make_no_sense_are_refused(
    request_of: Callable[..., StatisticsRequest],
) -> None:
    with pytest.raises(PlacesError, match="'door' is not one of"):
        compute(request_of(kind="summary", places={"door": 1}), niceness=0)


def test_a_result_that_cannot_be_read(
    tmp_path: Path, request_of: Callable[..., StatisticsRequest]
) -> None:
    with pytest.raises(PasserbyError):
        compute(request_of(kind="heat", table=str(tmp_path / "none.parquet")), niceness=0)


def test_anchors_know_the_picture(request_of: Callable[..., StatisticsRequest]) -> None:
    """The lower person's feet are at 160, the last rows of this picture; the middle is at 130."""
    places = {
        "anchor": "auto",
        "zones": [{"name": "desk", "points": [[0, 120], [200, 120], [200, 140], [0, 140]]}],
    }

    summary = compute(request_of(kind="summary", places=places, height=161), niceness=0)

    assert summary["zones"][0]["persons"] == 1
    assert summary["zones"][0]["anchor"] == "foot, middle"
