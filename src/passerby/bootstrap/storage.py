"""Where videos and observations lie, as the settings say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passerby.cloud.objects import FolderBuckets, ObjectFacts
from passerby.settings import S3Location, Settings

if TYPE_CHECKING:
    from passerby.cloud.buckets import Buckets
    from passerby.cloud.pinned_object import Objects
    from passerby.cloud.s3 import Place
    from passerby.pathing.observation_store import ObservationStore


def build_buckets(settings: Settings) -> "FolderBuckets | Buckets":
    """Wherever videos lie: in folders, and in S3 where that was set up."""
    folders = FolderBuckets(settings.bucket_root)
    if not settings.s3.buckets and not settings.s3.holds_others:
        return folders
    from passerby.cloud.buckets import Buckets  # noqa: PLC0415

    named = {name: _place(bucket, bucket.name) for name, bucket in settings.s3.buckets.items()}
    return Buckets(folders, named, _place(settings.s3) if settings.s3.holds_others else None)


@dataclass(frozen=True)
class _StoredBucket:
    """The objects of one bucket on S3."""

    place: "Place"

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        from passerby.cloud.s3 import head  # noqa: PLC0415

        return head(self.place, bucket, key, version)


def find_bucket(settings: Settings, bucket: str) -> "Objects":
    """Find the bucket that a command names as s3://BUCKET.

    As `build_buckets` does; but one that is nowhere else is looked for where boto3 does.
    """
    named = settings.s3.buckets.get(bucket)
    if named is None and (settings.bucket_root / bucket).is_dir():
        return FolderBuckets(settings.bucket_root)
    return _StoredBucket(_place(named, named.name) if named else _place(settings.s3))


def _place(given: S3Location, bucket: str | None = None) -> "Place":
    from passerby.cloud.s3 import Place  # noqa: PLC0415

    return Place(given.endpoint_url, given.region, given.path_style, given.profile, bucket)


def build_observation_store(settings: Settings) -> "ObservationStore":
    """Where observations are kept: in a folder, or on S3."""
    from passerby.pathing.observation_store import FolderObservationStore  # noqa: PLC0415

    folder = settings.observations_folder
    folder.mkdir(parents=True, exist_ok=True)
    if settings.observations_on_s3 is None:
        return FolderObservationStore(folder.absolute())
    from passerby.cloud.observation_store import S3ObservationStore  # noqa: PLC0415

    bucket, prefix = settings.observations_on_s3
    named = settings.s3.buckets.get(bucket)
    place = _place(named, named.name) if named else _place(settings.s3)
    return S3ObservationStore(place, bucket, prefix, folder)
