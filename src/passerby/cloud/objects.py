"""Find objects in folders: a bucket is a folder, a key the path of a file in it.

Nothing outside of a bucket's folder can be reached, whatever the key, and
whichever links lie in the folder.
"""

import hashlib
import logging
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from passerby.cloud.listing import Listing, list_folder
from passerby.errors import ObjectForbidden, ObjectNotFound, SettingsError

logger = logging.getLogger(__name__)

# A fingerprint reads at most this much of a file, spread over all of it.
SAMPLES = 16
SAMPLE_BYTES = 64 * 1024

# What S3 calls the version of an object in a bucket that keeps no versions:
# Amazon S3 User Guide, "How S3 Versioning works".
ONLY_VERSION = "null"


@dataclass(frozen=True)
class ObjectFacts:
    """Size, time and fingerprint of an object, and the location of its bytes."""

    size_bytes: int
    modified: datetime | None  # aware, UTC; None if the store does not say
    fingerprint: str  # 64 hexadecimal digits, others once the content has changed
    # Real path of a file, or a presigned URL, which no log should show.
    location: str = field(repr=False)
    # By which a job may know this state that was accepted by an earlier version.
    former_fingerprint: str | None = None


class FolderBuckets:
    """The buckets under one folder."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise SettingsError(f"the folder of the buckets does not exist: {root}")
        self._root = root.resolve()

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts:
        """Find an object and return its facts.

        Raises
        ------
        ObjectNotFound
            If there is no such bucket, no regular file of this name in it, or no
            such version: a folder knows only the version "null".
        ObjectForbidden
            If passerby may not read it.
        """
        try:
            return file_facts(self._locate(bucket, key, version))
        except PermissionError as error:
            _log(bucket, key, f"passerby may not read it in {self._root}")
            raise ObjectForbidden(in_folder=True) from error
        except ObjectNotFound as error:
            _log(bucket, key, str(error))
            raise ObjectNotFound(in_folder=True) from error
        # ValueError: no file can have this name, for a zero byte or half a character in it.
        except (OSError, ValueError) as error:
            _log(bucket, key, f"there is no such file in {self._root}")
            raise ObjectNotFound(in_folder=True) from error

    def list_buckets(self) -> list[str]:
        """List the names of the buckets, sorted."""
        return sorted(path.name for path in self._root.iterdir() if _is_real_folder(path))

    def list_objects(self, bucket: str, prefix: str, after: str | None, limit: int) -> Listing:
        """List one folder of a bucket; raises as `listing.list_folder`."""
        if bucket not in self.list_buckets():
            raise ObjectNotFound
        return list_folder(self._root / bucket, prefix, after, limit)

    def _locate(self, bucket: str, key: str, version: str | None) -> str:
        """Real path of a file inside the bucket."""
        if version not in (None, ONLY_VERSION):
            raise ObjectNotFound("a folder keeps no versions")
        names = [bucket, *key.split("/")]
        folder = self._root / bucket
        if "/" in bucket or bucket in ("", ".", "..") or not _is_real_folder(folder):
            raise ObjectNotFound(f"the bucket is no folder in {self._root}")
        if {"", ".", ".."} & set(names):
            raise ObjectNotFound(
                "its key is not the path of a file: it has a name missing, or dots"
            )
        location = os.path.realpath(folder / key, strict=True)
        if not Path(location).is_relative_to(folder):
            raise ObjectNotFound("it is a link that leads out of the folder of the bucket")
        return location


def _log(bucket: str, key: str, reason: str) -> None:
    logger.warning("the object %r in bucket %r: %s", key, bucket, reason)


def _is_real_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def file_facts(location: str) -> ObjectFacts:
    """Read the facts of the regular file at `location`, a real path.

    Raises
    ------
    ObjectNotFound
        If something else is there, a folder or a device.
    OSError
        If nothing is there, or it cannot be read.
    """
    # Asked before it is opened: opening a device can do things.
    if not stat.S_ISREG(Path(location).lstat().st_mode):
        raise ObjectNotFound("it is no regular file")
    # Should it be a pipe or a link by now, opening it neither waits nor follows.
    descriptor = os.open(location, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        return ObjectFacts(
            size_bytes=status.st_size,
            modified=datetime.fromtimestamp(status.st_mtime, UTC),
            fingerprint=_fingerprint(descriptor, status),
            location=location,
        )
    finally:
        os.close(descriptor)


def _fingerprint(descriptor: int, status: os.stat_result) -> str:
    """SHA-256 over size, time of change, and blocks from the first byte to the last."""
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode())
    last_start = max(status.st_size - SAMPLE_BYTES, 0)
    for start in sorted({last_start * sample // (SAMPLES - 1) for sample in range(SAMPLES)}):
        digest.update(os.pread(descriptor, SAMPLE_BYTES, start))
    return digest.hexdigest()
