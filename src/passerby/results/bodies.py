"""Sightings of a result without their faces, read at once for statistics."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from passerby.errors import FileFormatError
from passerby.records import NO_FACE, Faces, Sightings
from passerby.results.tables import BOX

COLUMNS = ("person_index", "frame_index", "timestamp_ms", *BOX, "confidence", "detected")


def read_bodies(path: Path) -> Sightings:
    """Read the sightings with a body from a file of `results.tables`, without their faces.

    A row takes some 50 bytes; with its faces it may take ten times as much.

    Raises
    ------
    FileFormatError
        If there is none, or it is not such a file.
    """
    try:
        table = pq.read_table(path, columns=list(COLUMNS), use_threads=False)
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path} is not a table of sightings: {error}") from error
    rows = table.filter(table[BOX[0]].is_valid())
    column = {name: rows[name].to_numpy() for name in COLUMNS}
    return Sightings(
        person_index=column["person_index"],
        frame_index=column["frame_index"],
        timestamp_ms=column["timestamp_ms"],
        xyxy=np.stack([column[side] for side in BOX], axis=1),
        confidence=column["confidence"],
        detected=column["detected"],
        face=np.full(rows.num_rows, NO_FACE),
        faces=Faces.none(),
    )
