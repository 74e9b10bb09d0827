"""Who was where as MOTChallenge text: what scorers and many trackers read."""

from collections.abc import Iterator

from passerby.exports.source import ExportSource, Tell, told
from passerby.motfile import track_lines


def chunks(result: ExportSource, tell: Tell) -> Iterator[bytes]:
    """Rows of `motfile`: bodies only, by frame, then by person."""
    for part in told(result, tell):
        yield "".join(track_lines(part)).encode("ascii")
