"""Say of files in a folder whether passerby made them, unchanged, from a certain recording.

That is what may be replaced unasked. A table (NAME.parquet) names the recording that it was
made from and the digests of the files that were made with it; a film ends with a box that
names the recording and the digest of all before the box. Only content counts: not names,
not times.

Source: ISO/IEC 14496-12, sections 4.2 (boxes; players skip those that they do not know) and
11.1 (`uuid`).
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from passerby.errors import FileFormatError
from passerby.http_ranges import is_url
from passerby.results.tables import read_note
from passerby.video.remote import RemoteFile

# The identity of a recording reads at most this much of it, spread over all of it.
SAMPLES = 16
SAMPLE_BYTES = 64 * 1024

DIGEST_BYTES = 32
# Drawn at random; names the box at the end of a film.
BOX_ID = bytes.fromhex("5d2c8a1e0f4b4b0f9a7d3c61e8b2f947")
BOX_BYTES = 4 + 4 + len(BOX_ID) + 2 * DIGEST_BYTES
BOX_HEAD = BOX_BYTES.to_bytes(4) + b"uuid" + BOX_ID

# At the end of a page.
PAGE_NOTE, PAGE_NOTE_END = "<!-- passerby ", " -->\n"

# Reads some bytes of a recording from a position on.
ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Provenance:
    """What a table says of itself."""

    recording: str  # identity of what it was made from
    digests: frozenset[str]  # of the files that were made with it

    def names(self, path: Path) -> bool:
        """Whether a file was made with it, and has not been changed."""
        return digest(path) in self.digests

    @classmethod
    def of(cls, recording: str, files: Iterable[Path]) -> "Provenance":
        """Describe a table that is made from a recording, together with files."""
        return cls(recording, frozenset(map(digest, files)))

    def note(self) -> str:
        """Write it as the note of a table."""
        return json.dumps({"recording": self.recording, "with": sorted(self.digests)})

    @classmethod
    def read(cls, note: str | None) -> "Provenance | None":
        """Read the note of a table; None if it is none of ours."""
        try:
            told = json.loads(note or "")
            return cls(str(told["recording"]), frozenset(map(str, told["with"])))
        except (ValueError, KeyError, TypeError):
            return None


def identify(location: str) -> str:
    """Compute the identity of a recording from samples of its content: 64 hexadecimal digits.

    Parameters
    ----------
    location : str
        Path, or http(s) URL of a server that gives parts.

    Raises
    ------
    VideoGone
        If a URL cannot be read.
    """
    if is_url(location):
        with closing(RemoteFile(location)) as remote:
            return _identity(remote.seek(0, os.SEEK_END), lambda at, n: _read_remote(remote, at, n))
    with Path(location).open("rb") as file:
        number = file.fileno()
        return _identity(os.fstat(number).st_size, lambda at, count: os.pread(number, count, at))


def _identity(size: int, read_at: ReadAt) -> str:
    summary = hashlib.sha256(f"{size}".encode())
    last_start = max(size - SAMPLE_BYTES, 0)
    for start in sorted({last_start * sample // (SAMPLES - 1) for sample in range(SAMPLES)}):
        summary.update(read_at(start, SAMPLE_BYTES))
    return summary.hexdigest()


def _read_remote(remote: RemoteFile, start: int, count: int) -> bytes:
    remote.seek(start)
    content = b""
    while len(content) < count and (chunk := remote.read(count - len(content))):
        content += chunk
    return content


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_from(recording: str, table: Path, files: Iterable[Path]) -> set[Path]:
    """Select those of `table` and `files` that were made from a recording, and not changed.

    Parameters
    ----------
    recording : str
        Identity of the recording.
    table : Path
        NAME.parquet; it need not be there.
    files : iterable of Path
        Those that are there.
    """
    known = _provenance(table)
    with_table = known.digests if known and known.recording == recording else frozenset[str]()
    own = {path for path in files if path.is_file() and _is_own(path, recording, with_table)}
    return own | {table} if known and known.recording == recording else own


def _provenance(table: Path) -> Provenance | None:
    try:
        return Provenance.read(read_note(table)) if table.is_file() else None
    except (FileFormatError, OSError):
        return None


def _is_own(path: Path, recording: str, digests: frozenset[str]) -> bool:
    return film_recording(path) == recording or digest(path) in digests


def stamp_page(path: Path, recording: str, files: Iterable[Path]) -> None:
    """Add to a finished HTML page what it was made from, and with which files."""
    note = Provenance.of(recording, [path, *files]).note()
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{PAGE_NOTE}{note}{PAGE_NOTE_END}")


def page_made_from(recording: str, page: Path, files: Iterable[Path]) -> set[Path]:
    """Select those of a page and files that were made from a recording, and not changed.

    Parameters
    ----------
    recording : str
        Identity of the recording.
    page : Path
        As `stamp_page` left it; it need not be there.
    files : iterable of Path
        Those that are there.
    """
    content, mark, note = (page.read_bytes() if page.is_file() else b"").rpartition(
        PAGE_NOTE.encode()
    )
    known = Provenance.read(note.decode(errors="replace").removesuffix(PAGE_NOTE_END))
    if not mark or known is None or known.recording != recording:
        return set()
    own = {path for path in files if path.is_file() and known.names(path)}
    is_whole = hashlib.sha256(content).hexdigest() in known.digests
    return own | {page} if is_whole else own


def stamp_film(path: Path, recording: str) -> None:
    """Add the box to a finished MP4 file."""
    before = bytes.fromhex(digest(path))
    with path.open("ab") as file:
        file.write(BOX_HEAD + bytes.fromhex(recording) + before)


def film_recording(path: Path) -> str | None:
    """Identity of what a stamped film was made from; None if it has no stamp, or was changed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - BOX_BYTES, 0))
        box = file.read()
        if len(box) != BOX_BYTES or not box.startswith(BOX_HEAD):
            return None
        file.seek(0)
        told = box[len(BOX_HEAD) :]
        summary, left = hashlib.sha256(), size - BOX_BYTES
        while left and (chunk := file.read(min(left, 1024 * 1024))):
            summary.update(chunk)
            left -= len(chunk)
    unchanged = summary.digest() == told[DIGEST_BYTES:]
    return told[:DIGEST_BYTES].hex() if unchanged else None
