"""The whole result as one stream, with a `PersonDetection` of GetPersonTracking on each line.

No pages and no tokens, and neither end needs more memory for a longer video.
"""

from collections.abc import Iterator

import msgspec

from passerby.exports.source import ExportSource, read_parts
from passerby.films.progress import ProgressCallback


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield lines in the order of time, as with `SortBy` TIMESTAMP."""
    encoder = msgspec.json.Encoder()
    for part in read_parts(result, on_progress):
        yield encoder.encode_lines(result.to_messages(part))
