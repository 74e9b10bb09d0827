"""What was answered before: recorded results, found by the name of their video.

A recording is the answer of GetPersonTracking in one piece, as `passerby track` writes
it, or a list of its pages. It is answered again number for number. Beside it, the table
that `passerby track` wrote of the same video may lie: it knows how sure each sighting of
a body was, which the answer does not tell, and which the order INDEX goes by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal, cast

import msgspec
import numpy as np

from passerby.errors import FileFormatError, ObjectNotFound
from passerby.jobs.job import Counts
from passerby.records import ColorRange, VideoInfo
from passerby.wire.messages import PersonDetection, VideoMetadata

Order = Literal["timestamp", "index"]

DEFAULT = "default"
SUFFIX = ".json"


class _Metadata(VideoMetadata, frozen=True, rename="pascal"):
    """Of the video; the service told its range of colours from 2021 on."""

    color_range: str = "LIMITED"


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    """What counts in an answer of GetPersonTracking."""

    persons: list[PersonDetection] = []
    job_status: str = "SUCCEEDED"
    status_message: str | None = None
    video_metadata: _Metadata | None = None
    next_token: str | None = None


@dataclass(frozen=True)
class Recording:
    """What a job found, or why it failed."""

    video: VideoInfo | None
    persons: list[PersonDetection]  # in the order of the file
    failure: str | None  # StatusMessage; None where it succeeded
    table: Path | None = None  # of the same sightings

    @property
    def counts(self) -> Counts:
        """How much was found."""
        return Counts(len({each.person.index for each in self.persons}), len(self.persons))

    def rows(self, order: Order) -> list[PersonDetection]:
        """All items of `Persons` in an order."""
        return self._by_time if order == "timestamp" else self._by_index

    @cached_property
    def _by_time(self) -> list[PersonDetection]:
        return sorted(self.persons, key=lambda each: (each.timestamp, each.person.index))

    @cached_property
    def _by_index(self) -> list[PersonDetection]:
        """Of each person the surest first; without a table, as they stand in the file."""
        if self.table is None:
            return sorted(self.persons, key=lambda each: each.person.index)
        # Arrow takes a third of a second to import.
        from passerby.results.store import index_order  # noqa: PLC0415
        from passerby.results.tables import read_table  # noqa: PLC0415

        sightings = read_table(self.table)
        indexes = [each.person.index for each in self.persons]
        if not np.array_equal(sightings.person_index, indexes):
            raise FileFormatError(f"{self.table} tells of others than the answer beside it")
        return [self.persons[row] for row in index_order(sightings).tolist()]


class Recordings:
    """Recordings by the names of their videos."""

    def __init__(self, named: Mapping[str, Recording]) -> None:
        self._named = dict(named)

    def find(self, bucket: str, key: str) -> Recording:
        """Recording for a video; raises ObjectNotFound."""
        for name in names(bucket, key):
            if name in self._named:
                return self._named[name]
        raise ObjectNotFound

    def copy(self) -> "Recordings":
        """The same, to be added to apart."""
        return Recordings(self._named)

    def put(self, name: str, recording: Recording) -> None:
        """Use a recording from now on."""
        self._named[name] = recording


def names(bucket: str, key: str) -> Iterator[str]:
    """Names that a recording for a video may have, the first to be found counting.

    >>> list(names("cctv", "2026/street.mp4"))
    ['cctv/2026/street.mp4', 'cctv/2026/street', 'street', 'default']
    """
    path = PurePosixPath(key)
    yield f"{bucket}/{key}"
    yield f"{bucket}/{key.removesuffix(path.suffix)}"
    yield path.stem
    yield DEFAULT


def recordings_in(folder: Path) -> Recordings:
    """Read all recordings under a folder, each named by its path without `.json`.

    Raises
    ------
    FileFormatError
        If one is not a whole answer, or there is none at all.
    """
    files = sorted(path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
    if not files:
        raise FileFormatError(f"there is no recorded answer (NAME.json) in {folder}")
    return Recordings(
        {
            path.relative_to(folder).as_posix().removesuffix(SUFFIX): _recording_in(path)
            for path in files
        }
    )


def recording_of(answer: bytes, table: Path | None = None) -> Recording:
    """Read an answer of GetPersonTracking, or a list of its pages, from JSON.

    Raises
    ------
    ValueError
        If it is neither, or does not hold all that was found.
    """
    decoded = msgspec.json.decode(answer, type=_Answer | list[_Answer])
    pages = decoded if isinstance(decoded, list) else [decoded]
    if not pages or pages[-1].next_token:
        raise ValueError("the last page is missing")
    if pages[0].job_status == "FAILED":
        return Recording(None, [], pages[0].status_message or "")
    if pages[0].job_status != "SUCCEEDED" or pages[0].video_metadata is None:
        raise ValueError("neither a failure nor a result with VideoMetadata")
    persons = [each for page in pages for each in page.persons]
    return Recording(_video(pages[0].video_metadata), persons, None, table)


def _recording_in(path: Path) -> Recording:
    table = path.with_suffix(".parquet")
    try:
        return recording_of(path.read_bytes(), table if table.exists() else None)
    except ValueError as error:
        raise FileFormatError(f"{path} is no answer of GetPersonTracking: {error}") from error


def _video(told: VideoMetadata) -> VideoInfo:
    return VideoInfo(
        codec=told.codec,
        container=told.format,
        frame_rate=told.frame_rate,
        width=told.frame_width,
        height=told.frame_height,
        duration_ms=told.duration_millis,
        color_range=cast("ColorRange", told.color_range),
    )
