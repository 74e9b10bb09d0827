"""The result store: the sightings that jobs found, read page by page in either order.

The results of a job are two files with the same rows, one for each order. A page is a
range of rows, so each page costs the same.
"""

import re
import secrets
import shutil
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from passerby.errors import JobNotFound
from passerby.files import flush, write_atomically
from passerby.records import Sightings
from passerby.results.tables import ROWS_PER_GROUP, SCHEMA, join, sightings_of, write_table

Order = Literal["timestamp", "index"]

JOB_ID = re.compile(r"[0-9a-f]{64}")
DRAFT = re.compile(r"\.([0-9a-f]{64})\.[0-9a-f]{16}")

TIME_COLUMN = SCHEMA.get_field_index("timestamp_ms")

GONE = "The results of this job are gone."

# Callers read page after page, mostly out of the same row group: one open file and a
# group or two for each of this many readers at once.
OPEN_FILES = 16
OPEN_GROUPS = 32  # of about 0.7 MB each, where a third of the rows has a face


@dataclass(frozen=True)
class ResultsPage:
    """One page of the sightings of a job."""

    sightings: Sightings  # rows in the order asked for, which need not be that of time
    next_offset: int | None  # where the next page starts; None after the last


class Results:
    """Results of jobs in one folder. Safe to use from many threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, pq.ParquetFile] = OrderedDict()
        self._groups: OrderedDict[tuple[Path, int], Sightings] = OrderedDict()

    def write(self, job_id: str, sightings: Sightings) -> None:
        """Store the results of a job, in place of any stored before."""
        self.draft(job_id, sightings)()

    def draft(self, job_id: str, sightings: Sightings) -> Callable[[], None]:
        """Store the results of a job where nobody reads them yet.

        Returns
        -------
        callable
            Publishes them in place of any stored before; it is quick, and may be repeated.
        """
        folder = self._folder(job_id)
        draft = folder.with_name(f".{job_id}.{secrets.token_hex(8)}")
        draft.mkdir(parents=True)
        try:
            write_table(sightings, draft / "timestamp.parquet")
            write_table(sightings, draft / "index.parquet", index_order(sightings))
            for path in (*draft.iterdir(), draft):
                flush(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return partial(self._publish, job_id, draft)

    def _publish(self, job_id: str, draft: Path) -> None:
        if draft.exists():
            self.delete(job_id)
            draft.rename(self._folder(job_id))
        flush(self._root)

    def page(self, job_id: str, order: Order, offset: int, count: int) -> ResultsPage:
        """Read at most `count` sightings from row `offset` on; none beyond the end.

        Raises
        ------
        JobNotFound
            If nothing is stored for the job.
        """
        if offset < 0 or count < 1:
            raise ValueError(f"no such page: offset {offset}, count {count}")
        path = self._folder(job_id) / f"{order}.parquet"
        with self._lock:
            total = self._file(path).metadata.num_rows
            end = min(offset + count, total)
            sightings = self._rows(path, min(offset, total), end)
        return ResultsPage(sightings, end if end < total else None)

    def between(self, job_id: str, from_ms: int, to_ms: int) -> Sightings:
        """Read the sightings from one time to another, both included, in order of time.

        Raises
        ------
        JobNotFound
            If nothing is stored for the job.
        """
        path = self._folder(job_id) / "timestamp.parquet"
        with self._lock:
            start = self._first_row_from(path, from_ms)
            return self._rows(path, start, max(start, self._first_row_from(path, to_ms + 1)))

    def _first_row_from(self, path: Path, timestamp_ms: int) -> int:
        """Find the first row at or after a time, in a table in order of time."""
        file = self._file(path)

        def ends_ms(number: int) -> int:
            column = file.metadata.row_group(number).column(TIME_COLUMN)
            last: int = column.statistics.max
            return last

        groups = range(file.num_row_groups)
        number = bisect_left(groups, timestamp_ms, key=ends_ms)
        if number == len(groups):
            total: int = file.metadata.num_rows
            return total
        times = self._group(path, number).timestamp_ms
        return number * ROWS_PER_GROUP + int(np.searchsorted(times, timestamp_ms))

    def read_or_make(self, job_id: str, name: str, make: Callable[[Path], bytes]) -> bytes:
        """Read a file that was derived from a result, or make it and keep it beside the result.

        Parameters
        ----------
        name : str
            Name of the file, unique within the result.
        make : callable
            Makes its content from the folder that has the tables.

        Raises
        ------
        JobNotFound
            If nothing is stored for the job.
        """
        folder = self._folder(job_id)
        path = folder / name
        if not path.exists():
            self.table(job_id)
            try:
                write_atomically(path, make(folder))
            except FileNotFoundError as error:  # deleted meanwhile
                raise JobNotFound(GONE) from error
        return path.read_bytes()

    def table(self, job_id: str) -> Path:
        """Return the file of a job's sightings in order of time; raises JobNotFound."""
        path = self._folder(job_id) / "timestamp.parquet"
        if not path.is_file():
            raise JobNotFound(GONE)
        return path

    def delete(self, job_id: str) -> None:
        """Delete the results of a job, if there are any."""
        folder = self._folder(job_id)
        with self._lock:
            self._forget(folder)
            if folder.exists():
                shutil.rmtree(folder)

    def stored(self) -> list[str]:
        """List the ids of the jobs that have results."""
        return [path.name for path in self._paths() if JOB_ID.fullmatch(path.name)]

    def drafts(self) -> list[tuple[str, Path]]:
        """List results that are not published: the id of the job and the folder."""
        found = [(DRAFT.fullmatch(path.name), path) for path in self._paths()]
        return [(match[1], path) for match, path in found if match]

    def _paths(self) -> list[Path]:
        return list(self._root.iterdir()) if self._root.is_dir() else []

    def _folder(self, job_id: str) -> Path:
        if not JOB_ID.fullmatch(job_id):
            raise ValueError(f"a job id has 64 lowercase hexadecimal digits, got {job_id!r}")
        return self._root / job_id

    def _rows(self, path: Path, start: int, end: int) -> Sightings:
        first = start // ROWS_PER_GROUP
        last = max(end - 1, start) // ROWS_PER_GROUP
        parts = []
        for number in range(first, last + 1):
            origin = number * ROWS_PER_GROUP
            rows = slice(max(0, start - origin), end - origin)
            parts.append(self._group(path, number).take(rows))
        return join(parts)

    def _group(self, path: Path, number: int) -> Sightings:
        key = (path, number)
        if key not in self._groups:
            self._groups[key] = self._decode(path, number)
        self._groups.move_to_end(key)
        if len(self._groups) > OPEN_GROUPS:
            self._groups.popitem(last=False)
        return self._groups[key]

    def _decode(self, path: Path, number: int) -> Sightings:
        file = self._file(path)
        wanted = [number] if number < file.num_row_groups else []
        return sightings_of(file.read_row_groups(wanted, use_threads=False))

    def _file(self, path: Path) -> pq.ParquetFile:
        if path not in self._files:
            try:
                self._files[path] = pq.ParquetFile(path)
            except FileNotFoundError as error:
                raise JobNotFound(GONE) from error
        self._files.move_to_end(path)
        if len(self._files) > OPEN_FILES:
            self._files.popitem(last=False)[1].close()
        return self._files[path]

    def _forget(self, folder: Path) -> None:
        for path in [path for path in self._files if path.parent == folder]:
            self._files.pop(path).close()
        for key in [key for key in self._groups if key[0].parent == folder]:
            del self._groups[key]


def index_order(sightings: Sightings) -> NDArray[np.int64]:
    """(S,) positions by person index, then confidence, highest first, then time."""
    keys = (sightings.timestamp_ms, -sightings.confidence, sightings.person_index)
    return np.lexsort(keys).astype(np.int64, copy=False)
