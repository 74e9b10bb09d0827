"""The table of sightings as it is stored: for pandas, polars, DuckDB."""

from collections.abc import Iterator

from passerby.exports.source import ExportSource
from passerby.films.progress import ProgressCallback

CHUNK_BYTES = 1024 * 1024


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield the file of `results.tables`, byte for byte."""
    with result.table.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
    on_progress(result.row_count)
