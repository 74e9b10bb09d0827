"""The table of sightings as comma-separated text, for spreadsheets.

All columns of `results.tables`, but of the landmarks only the five that the service gave.
What was not seen is empty.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv

from passerby.exports.source import ExportSource, read_parts
from passerby.films.progress import ProgressCallback
from passerby.records import LANDMARKS, NO_FACE, Sightings
from passerby.results.tables import SCHEMA, table_of

POINTS = tuple(f"{name}_{axis}" for name in LANDMARKS[:5] for axis in "xy")
COLUMNS = (*(name for name in SCHEMA.names if name != "landmarks"), *POINTS)


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield a heading, then a line a sighting, by time, then by person."""
    yield ",".join(COLUMNS).encode("ascii") + b"\n"
    options = pyarrow.csv.WriteOptions(include_header=False)
    for part in read_parts(result, on_progress):
        lines = pa.BufferOutputStream()
        pyarrow.csv.write_csv(_table(part), lines, options)
        yield lines.getvalue().to_pybytes()


def _table(sightings: Sightings) -> pa.Table:
    with_face = sightings.face != NO_FACE
    points = np.full((len(sightings), len(POINTS)), np.nan, np.float32)
    landmarks = sightings.faces.landmarks[sightings.face[with_face]]
    points[with_face] = landmarks.reshape(-1, 2 * len(LANDMARKS))[:, : len(POINTS)]
    table = table_of(sightings).drop_columns(["landmarks"])
    for name, column in zip(POINTS, points.T, strict=True):
        table = table.append_column(name, pa.array(column, from_pandas=True))
    return table
