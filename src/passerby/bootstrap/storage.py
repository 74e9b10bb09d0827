"""Where videos and observations lie, as the settings say."""

from typing import TYPE_CHECKING

from passerby.cloud.objects import FolderBuckets
from passerby.settings import S3Location, Settings

if TYPE_CHECKING:
    from passerby.cloud.buckets import Buckets
    from passerby.cloud.observation_store import BucketShelf
    from passerby.cloud.s3 import Place


def build_buckets(settings: Settings) -> "FolderBuckets | Buckets":
    """Wherever videos lie: in folders, and in S3 where that was set up."""
    folders = FolderBuckets(settings.bucket_root)
    if not settings.s3.buckets and not settings.s3.holds_others:
        return folders
    from passerby.cloud.buckets import Buckets  # noqa: PLC0415

    named = {name: _place(bucket, bucket.name) for name, bucket in settings.s3.buckets.items()}
    return Buckets(folders, named, _place(settings.s3) if settings.s3.holds_others else None)


def _place(given: S3Location, bucket: str | None = None) -> "Place":
    from passerby.cloud.s3 import Place  # noqa: PLC0415

    return Place(given.endpoint_url, given.region, given.path_style, given.profile, bucket)


def build_shelf(settings: Settings) -> "BucketShelf | None":
    """Where observations are kept on S3, if they are."""
    if settings.observations_on_s3 is None:
        return None
    from passerby.cloud.observation_store import BucketShelf  # noqa: PLC0415

    bucket, prefix = settings.observations_on_s3
    named = settings.s3.buckets.get(bucket)
    place = _place(named, named.name) if named else _place(settings.s3)
    return BucketShelf(place, bucket, prefix)
