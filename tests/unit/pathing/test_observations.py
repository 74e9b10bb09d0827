from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from passerby.pathing.observations import concatenate, load, load_all, serialised
from passerby.records import Faces, Observations
from passerby.testing import Seen, observations

NOTHING = observations([])


def assert_same(first: Observations, second: Observations) -> None:
    for field in fields(Observations):
        if field.name != "faces":
            one, other = getattr(first, field.name), getattr(second, field.name)
            np.testing.assert_array_equal(one, other, err_msg=field.name, strict=True)
    for one, other in zip(first.faces.columns(), second.faces.columns(), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def faces(numbers: NDArray[np.float32]) -> Faces:
    """Faces made of 73 numbers each: box, confidence, 30 points, pose, quality, expression."""
    return Faces(
        xyxy=numbers[:, :4],
        confidence=numbers[:, 4],
        landmarks=numbers[:, 5:65].reshape(-1, 30, 2),
        pose=numbers[:, 65:68],
        quality=numbers[:, 68:70],
        expression=numbers[:, 70:],
    )


@st.composite
def any_observations(draw: st.DrawFn) -> Observations:
    counts = draw(st.lists(st.integers(0, 3), max_size=5))
    frames, detections = len(counts), sum(counts)
    face_counts = draw(st.lists(st.integers(0, 2), min_size=frames, max_size=frames))
    pixels = st.floats(width=32, allow_nan=False, allow_infinity=False)
    shares = st.floats(0, 1, width=32)
    described = np.flatnonzero(draw(arrays.arrays(np.bool_, detections)))
    dimensions = draw(st.integers(0, 4))
    return Observations(
        frame_index=draw(arrays.arrays(np.int64, frames)),
        timestamp_ms=draw(arrays.arrays(np.int64, frames)),
        camera_motion=draw(arrays.arrays(np.float32, (frames, 2, 3), elements=pixels)),
        first_detection=np.cumsum([0, *counts]),
        xyxy=draw(arrays.arrays(np.float32, (detections, 4), elements=pixels)),
        confidence=draw(arrays.arrays(np.float32, detections, elements=shares)),
        described=described,
        appearance=draw(arrays.arrays(np.uint8, (len(described), dimensions))),
        first_face=np.cumsum([0, *face_counts]),
        faces=faces(draw(arrays.arrays(np.float32, (sum(face_counts), 73), elements=pixels))),
        frame_count=draw(st.integers(0, 2**40)),
    )


@settings(max_examples=40, deadline=None)
@given(observed=any_observations())
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, observed: Observations
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.parquet"

    path.write_bytes(serialised(observed))

    assert_same(load(path), observed)


def test_the_same_observations_give_the_same_bytes(tmp_path: Path) -> None:
    looks = np.arange(6, dtype=np.uint8).reshape(3, 2)
    frames: list[list[Seen]] = [[(100, 100, 50)], [], [(104, 100, 50), (7, 8, 9)]]
    observed = observations(frames, appearance=looks)

    (tmp_path / "one.parquet").write_bytes(serialised(observed))
    (tmp_path / "other.parquet").write_bytes(serialised(observed))

    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(contents) == ["one.parquet", "other.parquet"]  # and nothing unfinished
    assert contents["one.parquet"] == contents["other.parquet"]


def test_shards_become_one() -> None:
    # The first shard decoded 4 frames and analysed 2, the last decoded 2.
    first = Observations(
        frame_index=np.array([0, 2]),
        timestamp_ms=np.array([0, 80]),
        camera_motion=np.full((2, 2, 3), 1, np.float32),
        first_detection=np.array([0, 1, 3]),
        xyxy=np.arange(12, dtype=np.float32).reshape(3, 4),
        confidence=np.array([0.5, 0.25, 0.75], np.float32),
        described=np.array([0, 2]),
        appearance=np.array([[1, 2], [3, 4]], np.uint8),
        first_face=np.array([0, 0, 1]),
        faces=faces(np.full((1, 73), 1, np.float32)),
        frame_count=4,
    )
    last = Observations(
        frame_index=np.array([0]),
        timestamp_ms=np.array([160]),
        camera_motion=np.full((1, 2, 3), 2, np.float32),
        first_detection=np.array([0, 1]),
        xyxy=np.arange(4, dtype=np.float32).reshape(1, 4),
        confidence=np.array([1], np.float32),
        described=np.array([0]),
        appearance=np.array([[5, 6]], np.uint8),
        first_face=np.array([0, 2]),
        faces=faces(np.full((2, 73), 2, np.float32)),
        frame_count=2,
    )

    whole = concatenate([first, last])

    expected = Observations(
        frame_index=np.array([0, 2, 4]),
        timestamp_ms=np.array([0, 80, 160]),
        camera_motion=np.repeat([1, 2], [12, 6]).reshape(3, 2, 3).astype(np.float32),
        first_detection=np.array([0, 1, 3, 4]),
        xyxy=np.array([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [0, 1, 2, 3]], np.float32),
        confidence=np.array([0.5, 0.25, 0.75, 1], np.float32),
        described=np.array([0, 2, 3]),
        appearance=np.array([[1, 2], [3, 4], [5, 6]], np.uint8),
        first_face=np.array([0, 0, 1, 3]),
        faces=faces(np.repeat([1, 2], [73, 146]).reshape(3, 73).astype(np.float32)),
        frame_count=6,
    )
    assert_same(whole, expected)


@pytest.mark.parametrize("empty_at", [0, 1, 2])
def test_an_empty_shard_adds_nothing(empty_at: int) -> None:
    shards = [observations([[(1, 2, 3)]]), observations([[], [(4, 5, 6)]])]

    with_empty = [*shards[:empty_at], NOTHING, *shards[empty_at:]]

    assert_same(concatenate(with_empty), concatenate(shards))


@pytest.mark.parametrize("first_is_described", [True, False])
def test_a_shard_in_which_nobody_is_described_shifts_the_others(
    *, first_is_described: bool
) -> None:
    known = observations([[(1, 2, 3), (4, 5, 6)]], appearance=np.array([[1], [2]], np.uint8))
    nobody = np.empty(0, np.int64)
    unknown = replace(known, described=nobody, appearance=known.appearance[nobody])

    whole = concatenate([known, unknown] if first_is_described else [unknown, known])

    assert whole.described.tolist() == ([0, 1] if first_is_described else [2, 3])
    assert whole.appearance.tolist() == [[1], [2]]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()

    with pytest.raises(IsADirectoryError):
        path.write_bytes(serialised(NOTHING))

    assert list(tmp_path.iterdir()) == [path]


def test_nothing_but_empty_shards() -> None:
    assert_same(concatenate([NOTHING, NOTHING]), NOTHING)


def test_the_shards_of_a_video_are_read_in_the_order_given(tmp_path: Path) -> None:
    shards = [observations([[(1, 2, 3)]]), NOTHING, observations([[], [(4, 5, 6)]])]
    paths = [tmp_path / name for name in ("z", "y", "x")]
    for shard, path in zip(shards, paths, strict=True):
        path.write_bytes(serialised(shard))

    assert_same(load_all(paths), concatenate(shards))
