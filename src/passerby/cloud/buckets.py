"""Find a bucket: at the place in S3 that the settings name, else in a folder, else in S3."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from passerby.cloud.listing import Listing
from passerby.cloud.objects import FolderBuckets, ObjectFacts
from passerby.cloud.s3 import Place, head
from passerby.cloud.s3_listing import list_objects
from passerby.errors import ObjectNotFound

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Buckets:
    """All buckets under one set of names, whether folders or in S3."""

    folders: FolderBuckets
    named: Mapping[str, Place] = field(default_factory=dict)  # by name of the bucket
    others: Place | None = None  # of every bucket that is neither named nor a folder

    def head(self, bucket: str, key: str, version: str | None = None) -> ObjectFacts:
        """Find an object and return its facts.

        Raises
        ------
        ObjectNotFound, ObjectForbidden, StoreUnreachable
            As `FolderBuckets.head` and `s3.head`; not found where the bucket is nowhere.
        """
        place = self._place(bucket)
        if place is None:
            return self.folders.head(bucket, key, version)
        return head(place, bucket, key, version)

    def list_buckets(self) -> list[str]:
        """List the names of the buckets that are folders or named, sorted."""
        return sorted({*self.folders.list_buckets(), *self.named})

    def list_objects(self, bucket: str, prefix: str, after: str | None, limit: int) -> Listing:
        """List one level of a bucket.

        Raises
        ------
        ObjectNotFound, ObjectForbidden, StoreUnreachable
            As `listing.list_folder` and `s3_listing.list_objects`.
        """
        place = self._place(bucket)
        if place is None:
            return self.folders.list_objects(bucket, prefix, after, limit)
        return list_objects(place, bucket, prefix, after, limit)

    def _place(self, bucket: str) -> Place | None:
        """Return the place of a bucket in S3; None if it is a folder. Raises ObjectNotFound."""
        if bucket in self.named:
            return self.named[bucket]
        if bucket in self.folders.list_buckets():
            return None
        if self.others is None:
            logger.warning("the bucket %r is neither a folder nor named in [s3.buckets]", bucket)
            raise ObjectNotFound(in_folder=True)
        return self.others
