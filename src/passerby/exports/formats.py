"""What a result can be exported to.

A format that is made from the sightings alone comes in chunks: to a file, to standard
output or over a network. One that needs the pixels is written to a file, and only then is
a decoder loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from passerby.errors import VideoGone
from passerby.exports import coco, csv, cvat, label_studio, mot, ndjson, parquet
from passerby.exports.source import Chunks, ExportSource, Tell
from passerby.files import atomic_file

Who = Literal["everybody", "faces", "all-but", "only"]


@dataclass(frozen=True)
class Options:
    """What can be chosen beside the format."""

    who: Who = "everybody"  # is blurred
    persons: frozenset[int] = frozenset()  # by index: whom "all-but" and "only" mean


# Writes one file, all of it or nothing; tells how many sightings are done, or frames where
# the format `needs_video`.
Write = Callable[[ExportSource, Path, Options, Tell], None]


@dataclass(frozen=True)
class Format:
    """One way out."""

    name: str
    title: str  # for people
    suffix: str  # what a file of it is called after the video's name
    media_type: str
    write: Write
    chunks: Chunks | None = None  # the same file, piece by piece; None where pixels are in it

    @property
    def needs_video(self) -> bool:
        """Whether it is made from the pixels."""
        return self.chunks is None


def _written(chunks: Chunks) -> Write:
    def write(result: ExportSource, target: Path, _options: Options, progress: Tell) -> None:
        with atomic_file(target) as draft, draft.open("wb") as file:
            file.writelines(chunks(result, progress))

    return write


def _table(name: str, title: str, suffix: str, media_type: str, chunks: Chunks) -> Format:
    return Format(name, title, suffix, media_type, _written(chunks), chunks=chunks)


def _write_annotated(result: ExportSource, target: Path, _options: Options, progress: Tell) -> None:
    from passerby.films.overlay import write_overlay  # noqa: PLC0415

    write_overlay(_source(result), result.sightings, target, progress)


def _write_blurred(result: ExportSource, target: Path, options: Options, progress: Tell) -> None:
    source = _source(result)
    from passerby.films.blur import Blurred, write_blurred  # noqa: PLC0415

    whom = Blurred(options.who, options.persons)
    write_blurred(source, result.sightings, target, whom, progress)


def _write_sheets(result: ExportSource, target: Path, _options: Options, progress: Tell) -> None:
    from passerby.films.contact_sheets import write_zip  # noqa: PLC0415

    write_zip(_source(result), result.sightings, target, progress)


def _source(result: ExportSource) -> str:
    """Where the video is; raises VideoGone where it is not at hand."""
    if result.source is None:
        raise VideoGone("The video is not at hand, or no longer the one that was analysed.")
    return result.source


_JSON, _MP4 = "application/json", "video/mp4"

FORMATS: Mapping[str, Format] = {
    made.name: made
    for made in (
        _table("mot", "MOTChallenge text", ".txt", "text/plain", mot.chunks),
        _table("cvat", "CVAT for video 1.1", ".cvat.xml", "application/xml", cvat.chunks),
        _table("coco", "COCO of a video", ".coco.json", _JSON, coco.chunks),
        _table(
            "label-studio", "Label Studio task", ".label-studio.json", _JSON, label_studio.chunks
        ),
        _table("csv", "CSV", ".csv", "text/csv", csv.chunks),
        _table("parquet", "Parquet", ".parquet", "application/vnd.apache.parquet", parquet.chunks),
        _table("ndjson", "NDJSON", ".ndjson", "application/x-ndjson", ndjson.chunks),
        Format("annotated", "annotated video", ".annotated.mp4", _MP4, _write_annotated),
        Format("blurred", "blurred video", ".blurred.mp4", _MP4, _write_blurred),
        Format(
            "contact-sheets",
            "contact sheets",
            ".persons.zip",
            "application/zip",
            _write_sheets,
        ),
    )
}
