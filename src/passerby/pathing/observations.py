"""How the observations of a shard lie on disk, and how those of many become one.

One Parquet file a shard, one row an analysed frame. The same observations give the
same bytes, and a file appears whole or not at all.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from passerby.boxes import square_width
from passerby.records import Faces, Observations

SCHEMA = pa.schema(
    [
        ("frame_index", pa.int64()),  # within the shard
        ("timestamp_ms", pa.int64()),
        ("camera_motion", pa.list_(pa.float32(), 6)),
        ("box", pa.list_(pa.float32())),  # left, top, right, bottom of each detection in turn
        ("confidence", pa.list_(pa.float32())),
        ("described", pa.list_(pa.int32())),  # which detections of the frame, from 0
        ("appearance", pa.list_(pa.uint8())),  # of those, in turn
        ("face", pa.list_(pa.float32())),  # the numbers of each face in turn, as in `Faces`
    ]
)
# How many numbers a face has: those of each field of `Faces`, in its order.
FACE_WIDTHS = tuple(math.prod(column.shape[1:]) for column in Faces.none().columns())
FACE_WIDTH = sum(FACE_WIDTHS)

FRAME_COUNT = b"frame_count"
DIMENSIONS = b"appearance_dimensions"
DAMAGE = b"damage_ms"
RESIZED = b"resized_ms"
LEFT_OUT = b"left_out"
LAST = b"last_ms"
END = b"end_ms"
UNREAD = b"is_unread"


def serialised(observations: Observations) -> bytes:
    """Content of the file of a shard."""
    first = observations.first_detection
    described_frame = np.searchsorted(first, observations.described, side="right") - 1
    first_described = np.searchsorted(observations.described, first)
    dimensions = observations.appearance.shape[1]
    columns = [
        pa.array(observations.frame_index),
        pa.array(observations.timestamp_ms),
        pa.FixedSizeListArray.from_arrays(observations.camera_motion.reshape(-1), 6),
        pa.ListArray.from_arrays(pa.array(first * 4, pa.int32()), observations.xyxy.reshape(-1)),
        pa.ListArray.from_arrays(pa.array(first, pa.int32()), observations.confidence),
        pa.ListArray.from_arrays(
            pa.array(first_described, pa.int32()),
            pa.array(observations.described - first[described_frame], pa.int32()),
        ),
        pa.ListArray.from_arrays(
            pa.array(first_described * dimensions, pa.int32()),
            observations.appearance.reshape(-1),
        ),
        pa.ListArray.from_arrays(
            pa.array(observations.first_face * FACE_WIDTH, pa.int32()),
            _packed(observations.faces).reshape(-1),
        ),
    ]
    metadata = {
        FRAME_COUNT: str(observations.frame_count).encode(),
        DIMENSIONS: str(dimensions).encode(),
        DAMAGE: json.dumps(observations.damage_ms.tolist()).encode(),
        RESIZED: json.dumps(observations.resized_ms.tolist()).encode(),
        LEFT_OUT: str(observations.left_out).encode(),
        LAST: str(observations.last_ms).encode(),
        END: str(observations.end_ms).encode(),
        UNREAD: str(int(observations.is_unread)).encode(),
    }
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))
    content = BytesIO()
    pq.write_table(table, content, compression="zstd", store_schema=True)
    return content.getvalue()


def load(path: Path) -> Observations:
    """Read what `save` wrote."""
    table = pq.read_table(path)
    column = {name: _as_one(table.column(name)) for name in SCHEMA.names}
    first = column["confidence"].offsets.to_numpy().astype(np.int64)
    described_in = np.repeat(first[:-1], np.diff(column["described"].offsets.to_numpy()))
    dimensions = int(table.schema.metadata[DIMENSIONS])
    return Observations(
        frame_index=column["frame_index"].to_numpy(),
        timestamp_ms=column["timestamp_ms"].to_numpy(),
        camera_motion=column["camera_motion"].flatten().to_numpy().reshape(-1, 2, 3),
        first_detection=first,
        xyxy=column["box"].flatten().to_numpy().reshape(-1, 4),
        confidence=column["confidence"].flatten().to_numpy(),
        described=described_in + column["described"].flatten().to_numpy(),
        appearance=column["appearance"].flatten().to_numpy().reshape(len(described_in), dimensions),
        first_face=column["face"].offsets.to_numpy().astype(np.int64) // FACE_WIDTH,
        faces=_unpacked(column["face"].flatten().to_numpy().reshape(-1, FACE_WIDTH)),
        frame_count=int(table.schema.metadata[FRAME_COUNT]),
        damage_ms=np.array(json.loads(table.schema.metadata[DAMAGE]), np.int64),
        resized_ms=np.array(json.loads(table.schema.metadata[RESIZED]), np.int64),
        left_out=int(table.schema.metadata[LEFT_OUT]),
        last_ms=int(table.schema.metadata[LAST]),
        end_ms=int(table.schema.metadata[END]),
        is_unread=table.schema.metadata[UNREAD] == b"1",
    )


def load_all(paths: Sequence[Path]) -> Observations:
    """Read the shards of a whole video, given in time order, and `concatenate` them."""
    whole = concatenate([load(path) for path in paths])
    # Arrow keeps what the shards took, in case of more; linking would pile up on top of it.
    pa.default_memory_pool().release_unused()
    return whole


def concatenate(shards: Sequence[Observations]) -> Observations:
    """Join the observations of neighbouring shards, given in time order.

    Frame indexes, which each shard counts from 0, become those of the whole.
    """
    frames_before = np.cumsum([0, *(shard.frame_count for shard in shards)])
    detections_before = np.cumsum([0, *(len(shard.confidence) for shard in shards)])
    frame_index = [s.frame_index + n for s, n in zip(shards, frames_before, strict=False)]
    first = [s.first_detection[:-1] + n for s, n in zip(shards, detections_before, strict=False)]
    described = [s.described + n for s, n in zip(shards, detections_before, strict=False)]
    faces_before = np.cumsum([0, *(len(shard.faces) for shard in shards)])
    first_face = [s.first_face[:-1] + n for s, n in zip(shards, faces_before, strict=False)]
    return Observations(
        frame_index=np.concatenate(frame_index),
        timestamp_ms=np.concatenate([shard.timestamp_ms for shard in shards]),
        camera_motion=np.concatenate([shard.camera_motion for shard in shards]),
        first_detection=np.concatenate([*first, detections_before[-1:]]),
        xyxy=np.concatenate([shard.xyxy for shard in shards]),
        confidence=np.concatenate([shard.confidence for shard in shards]),
        described=np.concatenate(described),
        appearance=np.concatenate([shard.appearance for shard in shards]),
        first_face=np.concatenate([*first_face, faces_before[-1:]]),
        faces=Faces.joined([shard.faces for shard in shards]),
        frame_count=int(frames_before[-1]),
        damage_ms=np.concatenate([shard.damage_ms for shard in shards]),
        resized_ms=np.concatenate([shard.resized_ms for shard in shards]),
        left_out=sum(shard.left_out for shard in shards),
        last_ms=max((shard.last_ms for shard in shards), default=0),
        end_ms=max((shard.end_ms for shard in shards), default=0),
        is_unread=any(shard.is_unread for shard in shards),
    )


def _packed(faces: Faces) -> NDArray[np.float32]:
    """(M, FACE_WIDTH) one row a face."""
    parts = zip(faces.columns(), FACE_WIDTHS, strict=True)
    return np.hstack([column.reshape(-1, width) for column, width in parts])


def _unpacked(rows: NDArray[np.float32]) -> Faces:
    """Back from `_packed`."""
    parts = np.split(rows, np.cumsum(FACE_WIDTHS)[:-1], axis=1)
    shapes = [column.shape[1:] for column in Faces.none().columns()]
    columns = (part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True))
    return Faces(*map(np.ascontiguousarray, columns))


def _as_one(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array, also when the table has no row and so no chunk."""
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def in_stored_pixels(observations: Observations, width: int, pixel_aspect: float) -> Observations:
    """Convert boxes from square pixels to stored ones of a frame `width` wide."""
    square = square_width(width, pixel_aspect)
    if square == width:
        return observations
    shrink = np.array([width / square, 1, width / square, 1], np.float32)
    return replace(observations, xyxy=observations.xyxy * shrink)
