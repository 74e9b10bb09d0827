"""Parquet files of sightings: write them and read them.

One row a sighting, in pixels of the upright frame; pandas, polars and DuckDB can open
the file. What was not seen is null: the box where there is
only a face, and all of a face where there is none. Row groups have 5,000 rows
but the last, so the group of any row is known without reading.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from passerby.errors import FileFormatError
from passerby.records import LANDMARKS, NO_FACE, Faces, Sightings

# Smaller groups make the footer of a long video large, larger ones the first page out of
# each slow: 2.3 ms at 5,000 and 4.5 ms at 10,000, where 30 % of the rows have a face;
# measured 2026-11-22.
ROWS_PER_GROUP = 5_000

# Key in a file's metadata.
NOTE = "passerby"

BOX = ("left", "top", "right", "bottom")
FACE_BOX = ("face_left", "face_top", "face_right", "face_bottom")
POSE = ("roll", "yaw", "pitch")
QUALITY = ("brightness", "sharpness")
EXPRESSION = ("eye_opening", "mouth_opening", "smile")
FACE = (*FACE_BOX, "face_confidence", *POSE, *QUALITY, *EXPRESSION)
# x, y of each point in turn, in the order of `LANDMARKS`. A list of fixed size would say
# more, and is the same in the file, but Arrow takes three times as long to read it.
POINTS = pa.list_(pa.float32())

SCHEMA = pa.schema(
    [
        pa.field("timestamp_ms", pa.int64(), nullable=False),
        pa.field("person_index", pa.int64(), nullable=False),
        pa.field("frame_index", pa.int64(), nullable=False),
        *(pa.field(side, pa.float32()) for side in BOX),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("detected", pa.bool_(), nullable=False),
        *(pa.field(name, pa.float32()) for name in FACE),
        pa.field("landmarks", POINTS),
    ]
)
ENCODINGS = {
    pa.int64(): "DELTA_BINARY_PACKED",
    pa.float32(): "BYTE_STREAM_SPLIT",
    POINTS: "BYTE_STREAM_SPLIT",
}


def write_table(
    sightings: Sightings,
    path: Path,
    order: NDArray[np.int64] | None = None,
    note: str | None = None,
) -> None:
    """Write one file; the same sightings and note give the same bytes.

    Parameters
    ----------
    order : (S,) int64 array, optional
        Positions of the sightings in the order of the rows; as they come
        unless given.
    note : str, optional
        Kept in the metadata of the file, for `read_note`.
    """
    encodings = {field.name: ENCODINGS.get(field.type, "PLAIN") for field in SCHEMA}
    encodings["landmarks.list.element"] = encodings.pop("landmarks")
    with pq.ParquetWriter(
        path, SCHEMA, compression="zstd", use_dictionary=False, column_encoding=encodings
    ) as writer:
        for group in _groups(sightings, order):
            writer.write_table(table_of(group), row_group_size=ROWS_PER_GROUP)
        if note is not None:
            writer.add_key_value_metadata({NOTE: note})


def read_table(path: Path) -> Sightings:
    """Read a file of `write_table`, rows in the file's order.

    Raises
    ------
    FileFormatError
        If there is none, or it is not such a file.
    """
    with _open_table(path) as file:
        return sightings_of(file.read(columns=SCHEMA.names).cast(SCHEMA))


def read_parts(path: Path) -> Iterator[Sightings]:
    """Read a file of `write_table` in parts of at most `ROWS_PER_GROUP` rows.

    Only one row group is held at a time; errors as `read_table`.
    """
    with _open_table(path) as file:
        # One call for all groups would keep what was read of each until the end.
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, SCHEMA.names, use_threads=False).cast(SCHEMA)
            for start in range(0, len(group), ROWS_PER_GROUP):
                yield sightings_of(group.slice(start, ROWS_PER_GROUP))


def read_note(path: Path) -> str | None:
    """Read the note of a file of `write_table`; None without one. Raises as `read_table`."""
    with _open_table(path) as file:
        note: bytes | None = (file.metadata.metadata or {}).get(NOTE.encode())
        return None if note is None else note.decode(errors="replace")


def row_count(path: Path) -> int:
    """Count the rows of a file of `write_table`; raises as `read_table`."""
    with _open_table(path) as file:
        if missing := set(SCHEMA.names) - set(file.schema_arrow.names):
            raise ValueError(f"without the columns {', '.join(sorted(missing))}")
        count: int = file.metadata.num_rows
        return count


@contextmanager
def _open_table(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, ValueError, pa.ArrowException) as error:
        raise FileFormatError(f"{path} is not a table of sightings: {error}") from error


def sightings_of(table: pa.Table) -> Sightings:
    """Convert the rows of a table to sightings, in the same order."""
    column = {name: table[name].to_numpy() for name in SCHEMA.names if name != "landmarks"}
    has_face = table["landmarks"].is_valid().to_numpy()
    with_face = np.flatnonzero(has_face)
    of_faces = {name: column[name][with_face] for name in FACE}
    return Sightings(
        person_index=column["person_index"],
        frame_index=column["frame_index"],
        timestamp_ms=column["timestamp_ms"],
        xyxy=_stack_columns(column, BOX),
        confidence=column["confidence"],
        detected=column["detected"],
        face=np.where(has_face, np.cumsum(has_face) - 1, NO_FACE),
        faces=Faces(
            xyxy=_stack_columns(of_faces, FACE_BOX),
            confidence=of_faces["face_confidence"],
            landmarks=_points(table["landmarks"]),
            pose=_stack_columns(of_faces, POSE),
            quality=_stack_columns(of_faces, QUALITY),
            expression=_stack_columns(of_faces, EXPRESSION),
        ),
    )


def table_of(sightings: Sightings) -> pa.Table:
    """Convert sightings to rows of `SCHEMA`, in the same order."""
    faces = sightings.faces
    column = {
        "timestamp_ms": sightings.timestamp_ms,
        "person_index": sightings.person_index,
        "frame_index": sightings.frame_index,
        "confidence": sightings.confidence,
        "detected": sightings.detected,
        "face_confidence": _spread_over_rows(sightings, faces.confidence),
        **_split_columns(BOX, sightings.xyxy),
        **_split_columns(FACE_BOX, _spread_over_rows(sightings, faces.xyxy)),
        **_split_columns(POSE, _spread_over_rows(sightings, faces.pose)),
        **_split_columns(QUALITY, _spread_over_rows(sightings, faces.quality)),
        **_split_columns(EXPRESSION, _spread_over_rows(sightings, faces.expression)),
    }
    # `from_pandas`: NaN becomes null.
    arrays = {
        name: pa.array(values, type=SCHEMA.field(name).type, from_pandas=True)
        for name, values in column.items()
    }
    arrays["landmarks"] = _landmark_lists(sightings)
    return pa.Table.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def join(parts: list[Sightings]) -> Sightings:
    """Concatenate one or more sets of sightings."""
    faces_before = np.cumsum([0, *(len(part.faces) for part in parts[:-1])]).tolist()
    shifted = [
        np.where(part.face == NO_FACE, NO_FACE, part.face + before)
        for part, before in zip(parts, faces_before, strict=True)
    ]
    return Sightings(
        person_index=np.concatenate([part.person_index for part in parts]),
        frame_index=np.concatenate([part.frame_index for part in parts]),
        timestamp_ms=np.concatenate([part.timestamp_ms for part in parts]),
        xyxy=np.concatenate([part.xyxy for part in parts]),
        confidence=np.concatenate([part.confidence for part in parts]),
        detected=np.concatenate([part.detected for part in parts]),
        face=np.concatenate(shifted),
        faces=Faces.joined([part.faces for part in parts]),
    )


def _stack_columns(
    column: Mapping[str, NDArray[np.float32]], names: tuple[str, ...]
) -> NDArray[np.float32]:
    """Columns as one array, a row a sighting or a face; what is null is NaN."""
    return np.stack([column[name] for name in names], axis=1)


def _points(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """(M, 30, 2) landmarks of the rows that have any."""
    values = column.combine_chunks().flatten().to_numpy()
    points: NDArray[np.float32] = values.reshape(-1, len(LANDMARKS), 2)
    return points


def _groups(sightings: Sightings, order: NDArray[np.int64] | None) -> Iterator[Sightings]:
    for start in range(0, len(sightings), ROWS_PER_GROUP):
        rows = slice(start, start + ROWS_PER_GROUP)
        yield sightings.take(rows if order is None else order[rows])


def _landmark_lists(sightings: Sightings) -> pa.ListArray:
    """(S,) the landmarks of each row's face; null where it has none."""
    has_face = sightings.face != NO_FACE
    points = sightings.faces.landmarks[sightings.face[has_face]]
    ends = np.cumsum(has_face, dtype=np.int32) * np.int32(2 * len(LANDMARKS))
    return pa.ListArray.from_arrays(
        pa.array(np.concatenate([np.zeros(1, np.int32), ends])),
        pa.array(points.ravel()),
        type=POINTS,
        mask=pa.array(~has_face),
    )


def _spread_over_rows(sightings: Sightings, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, ...) values of each row's face; NaN where it has none."""
    rows = np.flatnonzero(sightings.face != NO_FACE)
    spread = np.full((len(sightings), *values.shape[1:]), np.nan, np.float32)
    spread[rows] = values[sightings.face[rows]]
    return spread


def _split_columns(
    names: tuple[str, ...], values: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    return dict(zip(names, values.T, strict=True))
