"""The whole result in one stream: a `PersonDetection` of GetPersonTracking on each line.

No pages and no tokens, and neither end needs more memory for a longer video.
"""

from collections.abc import Iterator

import msgspec

from passerby.exports.source import ExportSource, Tell, told


def chunks(result: ExportSource, tell: Tell) -> Iterator[bytes]:
    """Lines in the order of time, as with `SortBy` TIMESTAMP."""
    encoder = msgspec.json.Encoder()
    for part in told(result, tell):
        yield encoder.encode_lines(result.spelled(part))
