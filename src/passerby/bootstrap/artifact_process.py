"""The artifact process: makes one artifact of a job's video, where decoding is allowed.

    python -m passerby.bootstrap.artifact_process JOB REQUEST TARGET

with the settings in the environment, and the request as JSON. It prints the fraction done, a
number in [0, 1] a line, and its error message on standard error.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from passerby.bootstrap.analysis_result import AnalysisResult, open_result
from passerby.cloud.copies import supports_ranges
from passerby.console.artifact_request import ArtifactRequest
from passerby.errors import PasserbyError, VideoGone
from passerby.exports.formats import FORMATS
from passerby.exports.source import frame_count
from passerby.films.blur_selection import BlurSelection
from passerby.settings import load
from passerby.video.raw_streams import split_rated_source

# Between two lines; the parent reads them five times a second.
PROGRESS_SECONDS = 0.1


def main() -> None:
    """Make one artifact."""
    job_id, encoded, target = sys.argv[1:]
    request = msgspec.json.decode(encoded, type=ArtifactRequest)
    try:
        _make(open_result(job_id, load()), request, Path(target))
    except PasserbyError as error:
        sys.exit(str(error))


def _make(result: AnalysisResult, request: ArtifactRequest, target: Path) -> None:
    match request.kind:
        case "playability":
            _write_playability(result, target)
        case "preview":
            from passerby.films.preview import write_preview  # noqa: PLC0415

            write_preview(_source(result), target, _progress_printer(frame_count(result.video)))
        case "portraits":
            from passerby.films.portrait_archive import write_portraits  # noqa: PLC0415

            report = _progress_printer(frame_count(result.video))
            write_portraits(_source(result), result.sightings, target, report)
        case "export":
            _export(result, request, target)


def _write_playability(result: AnalysisResult, target: Path) -> None:
    """Write whether a browser can play the original, and seek in it."""
    from passerby.films.preview import playable  # noqa: PLC0415

    source = _source(result)
    gives_parts = supports_ranges(split_rated_source(source)[0])
    target.write_bytes(msgspec.json.encode({"plays": gives_parts and playable(source)}))


def _export(result: AnalysisResult, request: ArtifactRequest, target: Path) -> None:
    form = FORMATS[request.format]
    total = frame_count(result.video) if form.needs_video else result.row_count
    blur = BlurSelection(request.who, frozenset(request.persons))
    form.write(result, target, blur, _progress_printer(total))


def _source(result: AnalysisResult) -> str:
    if result.source is None:
        raise VideoGone("The video is not available, or has changed since it was analysed.")
    return result.source


def _progress_printer(total: int) -> Callable[[int], None]:
    """Return a function that prints the fraction done, at most once in `PROGRESS_SECONDS`."""
    printed_at = 0.0

    def report(done: int) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= PROGRESS_SECONDS:
            printed_at = time.monotonic()
            print(min(done / max(total, 1), 1.0), flush=True)  # noqa: T201 - its parent reads it

    return report


if __name__ == "__main__":
    main()
