from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from passerby.errors import FileFormatError
from passerby.records import NO_FACE, Sightings
from passerby.results.tables import join, read_parts, read_table, row_count, write_table
from passerby.testing import frontal_faces

MakeSightings = Callable[[int], Sightings]


def arrays(sightings: Sightings) -> list[NDArray[Any]]:
    *own, faces = astuple(sightings)
    return [*own, *faces]


@pytest.mark.parametrize("count", [0, 1, 4_999, 5_000, 5_001, 12_500])
def test_what_is_written_is_read(make_sightings: MakeSightings, tmp_path: Path, count: int) -> None:
    sightings = make_sightings(count)

    write_table(sightings, tmp_path / "sightings.parquet")

    read = read_table(tmp_path / "sightings.parquet")
    for before, after in zip(arrays(sightings), arrays(read), strict=True):
        assert after.dtype == before.dtype
        assert after.shape == before.shape
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("count", [0, 1, 5_000, 12_500])
def test_what_is_written_is_read_in_parts(
    make_sightings: MakeSightings, tmp_path: Path, count: int
) -> None:
    path = tmp_path / "sightings.parquet"
    write_table(make_sightings(count), path)

    parts = list(read_parts(path))

    assert [len(part) for part in parts] == [
        *[5_000] * (count // 5_000),
        *filter(None, [count % 5_000]),
    ]
    read = join([make_sightings(0), *parts])
    for before, after in zip(arrays(make_sightings(count)), arrays(read), strict=True):
        np.testing.assert_array_equal(after, before)
    assert row_count(path) == count


def test_parts_of_a_table_that_others_wrote_anew_are_small(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    path = tmp_path / "sightings.parquet"
    write_table(make_sightings(12_500), path)
    pq.write_table(pq.read_table(path), path, row_group_size=1_000_000)

    parts = list(read_parts(path))

    assert [len(part) for part in parts] == [5_000, 5_000, 2_500]
    np.testing.assert_array_equal(
        np.concatenate([part.faces.pose for part in parts]), make_sightings(12_500).faces.pose
    )


def test_rows_can_be_written_in_another_order(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    sightings = make_sightings(12_000)

    write_table(sightings, tmp_path / "back.parquet", np.arange(12_000)[::-1])

    read = read_table(tmp_path / "back.parquet")
    np.testing.assert_array_equal(read.xyxy, sightings.xyxy[::-1])
    np.testing.assert_array_equal(read.faces.pose, sightings.faces.pose[::-1])


def test_every_row_group_but_the_last_has_five_thousand_rows(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    write_table(make_sightings(12_500), tmp_path / "sightings.parquet")

    metadata = pq.ParquetFile(tmp_path / "sightings.parquet").metadata
    rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert rows == [5_000, 5_000, 2_500]


def test_columns_are_encoded_for_what_they_hold(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    write_table(make_sightings(10), tmp_path / "sightings.parquet")

    group = pq.ParquetFile(tmp_path / "sightings.parquet").metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in columns["timestamp_ms"].encodings
    assert "BYTE_STREAM_SPLIT" in columns["left"].encodings
    assert "BYTE_STREAM_SPLIT" in columns["landmarks.list.element"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert not any(column.has_dictionary_page for column in columns.values())


def test_the_same_sightings_give_the_same_bytes(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write_table(make_sightings(12_000), tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_older_table_with_more_columns_can_be_read(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    write_table(make_sightings(3), tmp_path / "sightings.parquet")
    table = pq.read_table(tmp_path / "sightings.parquet")
    pq.write_table(table.append_column("note", pa.array(["a", "b", "c"])), tmp_path / "more")

    np.testing.assert_array_equal(
        read_table(tmp_path / "more").confidence, make_sightings(3).confidence
    )


def test_what_was_not_seen_is_null(tmp_path: Path) -> None:
    sightings = Sightings(
        person_index=np.arange(3),
        frame_index=np.zeros(3, np.int64),
        timestamp_ms=np.zeros(3, np.int64),
        xyxy=np.array([[1, 2, 3, 4], [np.nan] * 4, [5, 6, 7, 8]], np.float32),
        confidence=np.array([0.5, 0.75, 1], np.float32),
        detected=np.ones(3, np.bool_),
        face=np.array([NO_FACE, 1, 0]),
        faces=frontal_faces([[5, 6, 7, 8], [0, 0, 10, 10]], confidence=0.75),
    )
    sightings.faces.expression[0, 1] = np.nan

    write_table(sightings, tmp_path / "sightings.parquet")

    rows = pq.read_table(tmp_path / "sightings.parquet").to_pylist()
    assert [row["left"] for row in rows] == [1, None, 5]
    assert [row["face_right"] for row in rows] == [None, 10, 7]
    assert [row["face_confidence"] for row in rows] == [None, 0.75, 0.75]
    assert [row["mouth_opening"] is None for row in rows] == [True, False, True]
    assert [row["eye_opening"] is None for row in rows] == [True, False, False]
    assert rows[0]["landmarks"] is None
    assert rows[1]["landmarks"][:4] == [3, 4, 7, 4]
    assert len(rows[1]["landmarks"]) == 60


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="missing"):
        read_table(tmp_path / "missing.parquet")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a table")

    with pytest.raises(FileFormatError, match="not a table of sightings"):
        read_table(tmp_path / "text")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda table: table.drop_columns(["left"]), id="a column is missing"),
        pytest.param(
            lambda table: table.set_column(3, "left", pa.array(["a", "b"])), id="text for a number"
        ),
        pytest.param(
            lambda table: table.set_column(7, "confidence", pa.array([1.0, None], pa.float32())),
            id="no value",
        ),
    ],
)
def test_a_table_of_something_else(
    make_sightings: MakeSightings, tmp_path: Path, damage: Callable[[pa.Table], pa.Table]
) -> None:
    path = tmp_path / "sightings.parquet"
    write_table(make_sightings(2), path)
    pq.write_table(damage(pq.read_table(path)), path)

    for read in (read_table, lambda file: list(read_parts(file))):
        with pytest.raises(FileFormatError, match="not a table of sightings"):
            read(path)


def test_rows_of_something_else_are_not_counted(tmp_path: Path) -> None:
    pq.write_table(pa.table({"left": [1.0]}), tmp_path / "numbers.parquet")

    with pytest.raises(FileFormatError, match="without the columns bottom, brightness"):
        row_count(tmp_path / "numbers.parquet")
