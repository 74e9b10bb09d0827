"""Paths as MOTChallenge text, which scorers and many trackers read."""

from collections.abc import Iterator

from passerby.exports.source import ExportSource, read_parts
from passerby.films.progress import ProgressCallback
from passerby.motfile import track_lines


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield the rows of `motfile`: bodies only, by frame, then by person."""
    for part in read_parts(result, on_progress):
        yield "".join(track_lines(part)).encode("ascii")
