"""The formats that a result is exported to: the tables of `exports`, the films of `films`.

A table is made from the sightings alone and comes in chunks: to a file, to standard output
or over a network. A film needs the pixels and is written to a file; a decoder is loaded
with the first one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from passerby.errors import VideoGone
from passerby.exports import coco, csv, cvat, label_studio, mot, ndjson, parquet
from passerby.exports.source import Chunks, ExportSource
from passerby.files import atomic_file
from passerby.films.blur_selection import BlurSelection
from passerby.films.progress import ProgressCallback

# Writes one file, all of it or nothing; returns a remark about it, if there is any. It counts
# sightings, or frames where the format `needs_video`.
Write = Callable[[ExportSource, Path, BlurSelection, ProgressCallback], str | None]


@dataclass(frozen=True)
class Format:
    """A format of exported files."""

    name: str
    title: str  # for people
    suffix: str  # follows the video's name in the name of a file
    media_type: str
    write: Write
    chunks: Chunks | None = None  # the same file, piece by piece; None where pixels are in it

    @property
    def needs_video(self) -> bool:
        """Whether it is made from the pixels."""
        return self.chunks is None


def _table(name: str, title: str, suffix: str, media_type: str, chunks: Chunks) -> Format:
    return Format(name, title, suffix, media_type, _file_writer(chunks), chunks)


def _file_writer(chunks: Chunks) -> Write:
    def write(
        result: ExportSource, target: Path, _blur: BlurSelection, on_progress: ProgressCallback
    ) -> None:
        with atomic_file(target) as draft, draft.open("wb") as file:
            file.writelines(chunks(result, on_progress))

    return write


def _write_annotated(
    result: ExportSource, target: Path, _blur: BlurSelection, on_progress: ProgressCallback
) -> None:
    from passerby.films.overlay import write_overlay  # noqa: PLC0415

    write_overlay(_video_of(result), result.sightings, target, on_progress, result.video)


def _write_blurred(
    result: ExportSource, target: Path, blur: BlurSelection, on_progress: ProgressCallback
) -> str | None:
    from passerby.films.blur import write_blurred  # noqa: PLC0415

    hidden_frames = write_blurred(
        _video_of(result), result.sightings, target, blur, on_progress, result.video
    )
    return _remark(len(result.sightings), hidden_frames)


def _remark(sightings: int, hidden_frames: int) -> str | None:
    """Say of a blurred film that it shows everybody, where it does."""
    if sightings and hidden_frames:
        return None
    cause = "nobody is to be hidden" if sightings else "nobody was found"
    if hidden_frames:
        return f"{cause}; {hidden_frames} frames that are damaged or not analysed are hidden"
    return f"{cause}; the film is unchanged"


def _write_contact_sheets(
    result: ExportSource, target: Path, _blur: BlurSelection, on_progress: ProgressCallback
) -> None:
    from passerby.films.contact_sheet_archive import write_contact_sheet_archive  # noqa: PLC0415

    write_contact_sheet_archive(_video_of(result), result.sightings, target, on_progress)


def _video_of(result: ExportSource) -> str:
    """Path or URL of the video; raises VideoGone where it is not at hand."""
    if result.source is None:
        raise VideoGone("The video is not at hand, or no longer the one that was analysed.")
    return result.source


_JSON, _XML, _ZIP = "application/json", "application/xml", "application/zip"
_PARQUET, _NDJSON, _MP4 = "application/vnd.apache.parquet", "application/x-ndjson", "video/mp4"


def cvat_format(keyframe_every: int = cvat.KEYFRAME_EVERY) -> Format:
    """Return CVAT's format with a keyframe of each track at least every so many frames."""
    chunks = partial(cvat.chunks, keyframe_every=keyframe_every)
    return _table("cvat", "CVAT for video 1.1", ".cvat.xml", _XML, chunks)


_TABLES = (
    _table("mot", "MOTChallenge text", ".txt", "text/plain", mot.chunks),
    cvat_format(),
    _table("coco", "COCO of a video", ".coco.json", _JSON, coco.chunks),
    _table("label-studio", "Label Studio task", ".label-studio.json", _JSON, label_studio.chunks),
    _table("csv", "CSV", ".csv", "text/csv", csv.chunks),
    _table("parquet", "Parquet", ".parquet", _PARQUET, parquet.chunks),
    _table("ndjson", "NDJSON", ".ndjson", _NDJSON, ndjson.chunks),
)
_FILMS = (
    Format("annotated", "annotated video", ".annotated.mp4", _MP4, _write_annotated),
    Format("blurred", "blurred video", ".blurred.mp4", _MP4, _write_blurred),
    Format("contact-sheets", "contact sheets", ".persons.zip", _ZIP, _write_contact_sheets),
)

FORMATS: Mapping[str, Format] = {form.name: form for form in (*_TABLES, *_FILMS)}
