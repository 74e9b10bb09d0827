"""The table of sightings as it is stored: for pandas, polars, DuckDB."""

from collections.abc import Iterator

from passerby.exports.source import ExportSource, Tell

CHUNK_BYTES = 1024 * 1024


def chunks(result: ExportSource, tell: Tell) -> Iterator[bytes]:
    """The file of `results.tables`, byte for byte."""
    with result.table.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
    tell(result.row_count)
