"""Judged by a reader of our own that shows what Label Studio's player shows."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from passerby.exports import label_studio
from passerby.exports.keyframes import TOLERANCE_PIXELS
from passerby.records import Sightings

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]


def shown(sequence: list[dict[str, Any]], frame: int) -> list[float] | None:
    """Left, top, width, height in percent; None where the region is not alive."""
    before = [key for key in sequence if key["frame"] <= frame]
    if not before:
        return None
    start, later = before[-1], [key for key in sequence if key["frame"] > frame]
    if start["frame"] != frame and not start["enabled"]:
        return None
    end = later[0] if later and start["frame"] != frame else start
    share = (frame - start["frame"]) / max(1, end["frame"] - start["frame"])
    names = ("x", "y", "width", "height")
    return [start[name] * (1 - share) + end[name] * share for name in names]


def regions(made: bytes) -> dict[str, dict[str, Any]]:
    (task,) = json.loads(made)
    assert task["data"] == {"video": "street"}
    (prediction,) = task["predictions"]
    for region in prediction["result"]:
        assert region["type"] == "videorectangle"
        assert (region["from_name"], region["to_name"]) == ("box", "video")
    return {region["id"]: region["value"] for region in prediction["result"]}


def test_every_sighting_is_shown_where_it_was(
    crowd: Sightings, analysis_result: BuildResult
) -> None:
    made = regions(
        concatenate(
            label_studio.chunks(analysis_result(crowd, duration_ms=80_000), ignore_progress)
        )
    )

    assert list(made) == [f"person-{person}" for person in range(7)]
    for sighting in list(crowd.take(crowd.has_body))[::11]:
        sequence = made[f"person-{sighting.person_index}"]["sequence"]
        box = shown(sequence, sighting.frame_index + 1)
        assert box is not None
        assert sighting.xyxy is not None
        left, top, width, height = np.multiply(box, [6.4, 4.8, 6.4, 4.8])
        edges = [left, top, left + width, top + height]
        np.testing.assert_allclose(edges, sighting.xyxy, atol=TOLERANCE_PIXELS + 0.01)


def test_a_person_who_is_gone_is_not_shown(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    rows = [(0, 40 * n, 3 * n, True) for n in range(80) if not 20 <= n < 40]

    (value,) = regions(
        concatenate(label_studio.chunks(analysis_result(make_sightings(*rows)), ignore_progress))
    ).values()

    alive = [frame for frame in range(1, 101) if shown(value["sequence"], frame)]
    assert alive == [*range(1, 21), *range(41, 81)]
    assert value["labels"] == ["person"]
    assert (value["framesCount"], value["duration"]) == (100, 4.0)


@pytest.mark.parametrize(
    ("times", "frames"),
    [
        pytest.param([0, 33, 66, 100], [1, 2, 3, 4], id="rounded down to milliseconds"),
        pytest.param([0, 5, 100], [1, 4], id="two within a frame are one"),
    ],
)
def test_frames_count_at_a_constant_rate(
    make_sightings: MakeSightings, analysis_result: BuildResult, times: list[int], frames: list[int]
) -> None:
    sightings = make_sightings(*((0, time, time**2 / 100, True) for time in times))

    made = concatenate(
        label_studio.chunks(analysis_result(sightings, frame_rate=29.97), ignore_progress)
    )

    (value,) = regions(made).values()
    assert [key["frame"] for key in value["sequence"]] == frames
    assert [key["enabled"] for key in value["sequence"]] == [*[True] * (len(frames) - 1), False]


@pytest.mark.parametrize(
    ("duration_ms", "until", "seconds"),
    [
        pytest.param(4000, 100, 6.0, id="the pictures' length is told"),
        pytest.param(4000, 80, 6.0, id="the pictures' length, and nobody at the end"),
        pytest.param(6000, 100, 6.0, id="the end is told"),
        pytest.param(6000, 20, 6.0, id="the end is told, and nobody there"),
    ],
)
def test_a_late_start(
    make_sightings: MakeSightings,
    analysis_result: BuildResult,
    duration_ms: int,
    until: int,
    seconds: float,
) -> None:
    """100 frames at 25 a second, the first shown at 2 s: a player counts 150."""
    sightings = make_sightings(*((0, 40 * n + 2000, 5 * n, True) for n in range(until)))
    sightings.frame_index[:] = range(until)

    result = analysis_result(sightings, duration_ms=duration_ms)
    (value,) = regions(concatenate(label_studio.chunks(result, ignore_progress))).values()

    assert (value["framesCount"], value["duration"]) == (round(25 * seconds), seconds)
    assert value["sequence"][0]["frame"] == 51
    assert value["sequence"][-1]["frame"] == 50 + until


def test_frames_are_the_decoders_where_no_rate_is_known(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    made = concatenate(
        label_studio.chunks(
            analysis_result(make_sightings((0, 80, 9, True)), frame_rate=0.0), ignore_progress
        )
    )

    (value,) = regions(made).values()
    assert [key["frame"] for key in value["sequence"]] == [3]


def test_nobody(make_sightings: MakeSightings, analysis_result: BuildResult) -> None:
    assert (
        regions(
            concatenate(label_studio.chunks(analysis_result(make_sightings()), ignore_progress))
        )
        == {}
    )
