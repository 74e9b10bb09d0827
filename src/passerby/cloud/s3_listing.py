"""List a bucket of an S3-compatible store, one level at a time.

Source: Amazon S3 API reference, ListObjectsV2.
"""

import logging
from typing import Any

from passerby.cloud.listing import HIDDEN, ListedObject, Listing
from passerby.cloud.s3 import STORE_ERRORS, TOTAL_SECONDS, Place, connect, reason, translated
from passerby.outbound.deadline import Deadline

logger = logging.getLogger(__name__)

DELIMITER = "/"


def list_objects(place: Place, bucket: str, prefix: str, after: str | None, limit: int) -> Listing:
    """List one level of a bucket; parameters and errors as `listing.list_folder`.

    Raises
    ------
    StoreUnreachable
        Also, if the store does not answer in time.
    SettingsError
        If the place cannot be used: no such profile.
    """
    wanted = {"Bucket": place.bucket or bucket, "Prefix": prefix, "Delimiter": DELIMITER}
    if after is not None:
        wanted["ContinuationToken"] = after
    try:
        with Deadline(TOTAL_SECONDS):
            answer = connect(place).list_objects_v2(**wanted, MaxKeys=limit)
    except STORE_ERRORS as error:
        refusal = translated(error)
        logger.warning("listing %r in bucket %r: %s", prefix, bucket, reason(error))
        raise refusal from error
    return _listing(answer, prefix)


def _listing(answer: dict[str, Any], prefix: str) -> Listing:
    folders = [common["Prefix"] for common in answer.get("CommonPrefixes", [])]
    objects = [
        ListedObject(entry["Key"], entry["Size"], entry["LastModified"])
        for entry in answer.get("Contents", [])
        if not entry["Key"].endswith(DELIMITER)  # what some programs put in place of a folder
    ]
    return Listing(
        [folder for folder in folders if _is_shown(folder, prefix)],
        [listed for listed in objects if _is_shown(listed.key, prefix)],
        answer.get("NextContinuationToken"),
    )


def _is_shown(key: str, prefix: str) -> bool:
    # "a//b" has a folder without a name, which the path of a page could not say.
    name = key.removeprefix(prefix)
    return not name.startswith((HIDDEN, DELIMITER))
