"""Where a bucket is: at the place in S3 that the settings name, else a folder, else S3."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from passerby.cloud.objects import FolderBuckets, ObjectFacts
from passerby.cloud.s3 import Place, head
from passerby.errors import ObjectNotFound


@dataclass(frozen=True)
class Buckets:
    """Folders and buckets in S3 under one set of names."""

    folders: FolderBuckets
    named: Mapping[str, Place] = field(default_factory=dict)  # by name of the bucket
    others: Place | None = None  # of every bucket that is neither named nor a folder

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts:
        """Find an object and look at it.

        Raises
        ------
        ObjectNotFound, ObjectForbidden, StoreUnreachable
            As `FolderBuckets.head` and `s3.head`; not found where the bucket is nowhere.
        """
        place = self.named.get(bucket)
        if place is None and bucket in self.folders.list_buckets():
            return self.folders.head(bucket, key, version)
        place = place or self.others
        if place is None:
            raise ObjectNotFound
        return head(place, bucket, key, version)
