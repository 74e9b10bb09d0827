"""How sightings are written in a Parquet file, and read back.

One row a sighting, in pixels of the upright frame; whoever has pandas, polars
or DuckDB can open the file. Row groups have 10,000 rows but the last, so the
group of any row is known without looking.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from passerby.errors import FileFormatError
from passerby.records import Sightings

# Smaller groups make the footer of a long video large, larger ones each page
# slow: 2 ms a page of 1000 rows at 10,000, measured on 5 million rows, 2026-11-21.
ROWS_PER_GROUP = 10_000

BOX = ("left", "top", "right", "bottom")
SCHEMA = pa.schema(
    [
        pa.field("timestamp_ms", pa.int64(), nullable=False),
        pa.field("person_index", pa.int64(), nullable=False),
        pa.field("frame_index", pa.int64(), nullable=False),
        *(pa.field(side, pa.float32(), nullable=False) for side in BOX),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("detected", pa.bool_(), nullable=False),
    ]
)
ENCODINGS = {pa.int64(): "DELTA_BINARY_PACKED", pa.float32(): "BYTE_STREAM_SPLIT"}


def write_table(sightings: Sightings, path: Path, order: NDArray[np.int64] | None = None) -> None:
    """Write one file; the same sightings give the same bytes.

    Parameters
    ----------
    order : (S,) int64 array, optional
        Positions of the sightings in the order of the rows; as they come
        unless given.
    """
    encodings = {field.name: ENCODINGS.get(field.type, "PLAIN") for field in SCHEMA}
    with pq.ParquetWriter(
        path, SCHEMA, compression="zstd", use_dictionary=False, column_encoding=encodings
    ) as writer:
        for group in _groups(sightings, order):
            writer.write_table(_table(group), row_group_size=ROWS_PER_GROUP)


def read_table(path: Path) -> Sightings:
    """Read a file of `write_table`, rows in the file's order.

    Raises
    ------
    FileFormatError
        If there is none, or it is not such a file.
    """
    try:
        with pq.ParquetFile(path) as file:
            return sightings_of(file.read(columns=SCHEMA.names).cast(SCHEMA))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise FileFormatError(f"{path} is not a table of sightings: {error}") from error


def sightings_of(table: pa.Table) -> Sightings:
    """Rows of a table → sightings, in the same order."""
    column = {name: table[name].to_numpy() for name in SCHEMA.names}
    return Sightings(
        person_index=column["person_index"],
        frame_index=column["frame_index"],
        timestamp_ms=column["timestamp_ms"],
        xyxy=np.stack([column[side] for side in BOX], axis=1),
        confidence=column["confidence"],
        detected=column["detected"],
    )


def take(sightings: Sightings, rows: slice | NDArray[np.int64]) -> Sightings:
    """Pick sightings by slice or by position."""
    return Sightings(
        person_index=sightings.person_index[rows],
        frame_index=sightings.frame_index[rows],
        timestamp_ms=sightings.timestamp_ms[rows],
        xyxy=sightings.xyxy[rows],
        confidence=sightings.confidence[rows],
        detected=sightings.detected[rows],
    )


def join(parts: list[Sightings]) -> Sightings:
    """Put one or more sets of sightings one after another."""
    return Sightings(
        person_index=np.concatenate([part.person_index for part in parts]),
        frame_index=np.concatenate([part.frame_index for part in parts]),
        timestamp_ms=np.concatenate([part.timestamp_ms for part in parts]),
        xyxy=np.concatenate([part.xyxy for part in parts]),
        confidence=np.concatenate([part.confidence for part in parts]),
        detected=np.concatenate([part.detected for part in parts]),
    )


def _groups(sightings: Sightings, order: NDArray[np.int64] | None) -> Iterator[Sightings]:
    for start in range(0, len(sightings), ROWS_PER_GROUP):
        rows = slice(start, start + ROWS_PER_GROUP)
        yield take(sightings, rows if order is None else order[rows])


def _table(sightings: Sightings) -> pa.Table:
    column = {
        "timestamp_ms": sightings.timestamp_ms,
        "person_index": sightings.person_index,
        "frame_index": sightings.frame_index,
        **{side: sightings.xyxy[:, number] for number, side in enumerate(BOX)},
        "confidence": sightings.confidence,
        "detected": sightings.detected,
    }
    arrays = [pa.array(column[field.name], type=field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
