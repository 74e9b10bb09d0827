"""Recorded results, found by the name of their video.

A recording is the answer of GetPersonTracking in one piece, as `passerby track` writes
it, or a list of its pages. It is answered again number for number. The table that
`passerby track` wrote of the same video may lie beside it: it holds the confidence of
each body, which the answer lacks and by which the order INDEX sorts.
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
    """Metadata of the video; the service added the colour range in 2021."""

    color_range: str = "LIMITED"


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    """The members of an answer of GetPersonTracking that are replayed."""

    persons: list[PersonDetection] = []
    job_status: str = "SUCCEEDED"
    status_message: str | None = None
    video_metadata: _Metadata | None = None
    next_token: str | None = None


@dataclass(frozen=True)
class Recording:
    """Result of a job, or the reason why it failed."""

    video: VideoInfo | None
    persons: list[PersonDetection]  # in the order of the file
    failure: str | None  # StatusMessage; None where it succeeded
    table: Path | None = None  # of the same sightings

    @property
    def counts(self) -> Counts:
        """Numbers of persons and of sightings."""
        return Counts(len({each.person.index for each in self.persons}), len(self.persons))

    def rows(self, order: Order) -> list[PersonDetection]:
        """Sort the items of `Persons`."""
        return self._by_time if order == "timestamp" else self._by_index

    @cached_property
    def _by_time(self) -> list[PersonDetection]:
        return sorted(self.persons, key=lambda each: (each.timestamp, each.person.index))

    @cached_property
    def _by_index(self) -> list[PersonDetection]:
        """Items by person, highest confidence first; without a table, in the order of the file."""
        if self.table is None:
            return sorted(self.persons, key=lambda each: each.person.index)
        # Arrow takes a third of a second to import.
        from passerby.results.store import index_order  # noqa: PLC0415
        from passerby.results.tables import read_table  # noqa: PLC0415

        sightings = read_table(self.table)
        indexes = [each.person.index for each in self.persons]
        if not np.array_equal(sightings.person_index, indexes):
            raise FileFormatError(f"{self.table} holds other persons than the answer beside it")
        return [self.persons[row] for row in index_order(sightings).tolist()]


class Recordings:
    """Recordings by the names of their videos."""

    def __init__(self, named: Mapping[str, Recording]) -> None:
        self._named = dict(named)

    def find(self, bucket: str, key: str) -> Recording:
        """Find the recording for a video; raises ObjectNotFound."""
        for name in names(bucket, key):
            if name in self._named:
                return self._named[name]
        raise ObjectNotFound

    def copy(self) -> "Recordings":
        """Copy the collection, so that additions do not change this one."""
        return Recordings(self._named)

    def put(self, name: str, recording: Recording) -> None:
        """Use a recording from now on."""
        self._named[name] = recording


def names(bucket: str, key: str) -> Iterator[str]:
    """List the names that a recording for a video may have, most specific first.

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


def _video(metadata: VideoMetadata) -> VideoInfo:
    return VideoInfo(
        codec=metadata.codec,
        container=metadata.format,
        frame_rate=metadata.frame_rate,
        width=metadata.frame_width,
        height=metadata.frame_height,
        duration_ms=metadata.duration_millis,
        color_range=cast("ColorRange", metadata.color_range),
    )
