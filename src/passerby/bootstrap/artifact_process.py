"""What is made of a job's video on request, in a process of its own that may decode.

    python -m passerby.bootstrap.artifact_process JOB WORK TARGET

with the settings in the environment, and the work as JSON. It prints the fraction done, a
number in [0, 1] a line, and on standard error, at its end, why it failed.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from passerby.bootstrap.analysis_result import AnalysisResult, open_result
from passerby.cloud.copies import gives_parts
from passerby.console.job_dependencies import Work
from passerby.errors import PasserbyError, VideoGone
from passerby.exports.formats import FORMATS
from passerby.exports.source import frame_count
from passerby.films.blur_selection import BlurSelection
from passerby.settings import load

# Between two lines; whoever reads them looks five times a second.
TELL_SECONDS = 0.1


def main() -> None:
    """Do one piece of work."""
    job_id, work, target = sys.argv[1:]
    try:
        _do(open_result(job_id, load()), msgspec.json.decode(work, type=Work), Path(target))
    except PasserbyError as error:
        sys.exit(str(error))


def _do(result: AnalysisResult, work: Work, target: Path) -> None:
    match work.kind:
        case "look":
            _look(result, target)
        case "preview":
            from passerby.films.preview import write_preview  # noqa: PLC0415

            write_preview(_source(result), target, _teller(frame_count(result.video)))
        case "portraits":
            from passerby.films.portrait_archive import write_portraits  # noqa: PLC0415

            tell = _teller(frame_count(result.video))
            write_portraits(_source(result), result.sightings, target, tell)
        case "export":
            _export(result, work, target)


def _look(result: AnalysisResult, target: Path) -> None:
    """Write whether a browser plays the video as it is, and from anywhere in it."""
    from passerby.films.preview import playable  # noqa: PLC0415

    source = _source(result)
    target.write_bytes(msgspec.json.encode({"plays": gives_parts(source) and playable(source)}))


def _export(result: AnalysisResult, work: Work, target: Path) -> None:
    form = FORMATS[work.format]
    total = frame_count(result.video) if form.needs_video else result.row_count
    blur = BlurSelection(work.who, frozenset(work.persons))
    form.write(result, target, blur, _teller(total))


def _source(result: AnalysisResult) -> str:
    if result.source is None:
        raise VideoGone("The video is not at hand, or no longer the one that was analysed.")
    return result.source


def _teller(total: int) -> Callable[[int], None]:
    """Prints how far the work is, now and then."""
    told_at = 0.0

    def tell(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_SECONDS:
            told_at = time.monotonic()
            print(min(done / max(total, 1), 1.0), flush=True)  # noqa: T201 - its parent reads it

    return tell


if __name__ == "__main__":
    main()
