"""Look up objects of an S3-compatible store and presign the URLs to read them.

All facts of an object come from one HEAD request; the size from a GET request where that
does not tell it. Its location is a presigned URL, pinned to the entity tag, size and time
that the request found: whoever has it needs neither credentials nor this module, and reads
that content or none.

Sources: Amazon S3 API reference, HeadObject and GetObject; user guide, "Download and
upload objects with presigned URLs".
"""

import hashlib
import json
import logging
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)

from passerby.cloud.objects import ObjectFacts
from passerby.cloud.watched_client import keep_deadlines
from passerby.errors import (
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    SettingsError,
    StoreUnreachable,
)
from passerby.http_ranges import NO_SUCH_PART, STRONG, WHOLE, pin_url
from passerby.outbound.deadline import Deadline

logger = logging.getLogger(__name__)

# Every shard of a video gets a location of its own. A shard is a minute of video, save
# where a container can't be cut: then six hours of it, at a quarter of its speed.
LOCATION_SECONDS = 24 * 3600

CONNECT_SECONDS = 5
READ_SECONDS = 20
ATTEMPTS = 4
# For all attempts of one call together, whatever arrives meanwhile.
TOTAL_SECONDS = 25.0

FORBIDDEN = {401, 403}
BUSY = 429
SERVER_ERRORS = range(500, 600)

# What a call of a client raises. ValueError: an answer whose headers make no sense.
STORE_ERRORS = (BotoCoreError, ClientError, TimeoutError, ValueError, StoreUnreachable)


@dataclass(frozen=True)
class Place:
    """The place of a bucket in S3, and the credentials that open it."""

    endpoint_url: str | None = None  # None: AWS itself
    region: str | None = None
    path_style: bool = False
    profile: str | None = None  # of boto3's configuration files; None: its whole chain
    bucket: str | None = None  # its name there; None: the name by which it was asked for


def head(place: Place, bucket: str, key: str, version: str | None = None) -> ObjectFacts:
    """Find an object and return its facts, within `TOTAL_SECONDS`.

    Raises
    ------
    ObjectNotFound
        If there is no such bucket, key or version at this place, or in this region.
    ObjectForbidden
        If the credentials do not allow to read it, or there are none.
    StoreUnreachable
        If the store does not answer in time, or its answer makes no sense.
    SettingsError
        If the place cannot be used: no such profile.
    """
    wanted = {"Bucket": place.bucket or bucket, "Key": key}
    if version is not None:
        wanted["VersionId"] = version
    try:
        with Deadline(TOTAL_SECONDS):
            client = connect(place)
            answer = client.head_object(**wanted)
            if "ContentLength" not in answer:
                answer["ContentLength"] = _size_of_content(client, wanted)
        url = client.generate_presigned_url("get_object", wanted, ExpiresIn=LOCATION_SECONDS)
    except STORE_ERRORS as error:
        refusal = translated(error)
        logger.warning("the object %r in bucket %r: %s", key, bucket, reason(error))
        raise refusal from error
    if not answer.get("ETag") and "LastModified" not in answer:
        logger.warning(
            "the object %r in bucket %r: its store gives neither an entity tag nor a time of "
            "the last change; a change that keeps the size is not noticed",
            key,
            bucket,
        )
    return _facts(answer, wanted, url, client.meta.endpoint_url)


def _size_of_content(client: BaseClient, wanted: dict[str, str]) -> int:
    """Ask for the first byte; raises StoreUnreachable if the answer tells no size either."""
    try:
        answer = client.get_object(**wanted, Range="bytes=0-0")
    except ClientError as error:
        if _status(error) == NO_SUCH_PART:  # an empty object has no first byte
            return 0
        raise
    answer["Body"].close()
    is_whole = answer["ResponseMetadata"]["HTTPStatusCode"] == WHOLE
    if is_whole and "ContentLength" in answer:
        return int(answer["ContentLength"])
    total = "" if is_whole else answer.get("ContentRange", "").rpartition("/")[2]
    if not (total.isascii() and total.isdecimal()):
        raise StoreUnreachable("The object store does not say how large the object is.")
    return int(total)


def _facts(answer: dict[str, Any], wanted: dict[str, str], url: str, endpoint: str) -> ObjectFacts:
    etag, modified = answer.get("ETag", ""), answer.get("LastModified")
    seconds = None if modified is None else int(modified.timestamp())
    size = answer["ContentLength"]
    strong = etag.startswith(STRONG)
    state = [etag or str(modified), size]
    return ObjectFacts(
        size_bytes=size,
        modified=modified,
        # A tag that is weak, or none by RFC 9110, may stay when the content changes.
        fingerprint=_digest(endpoint, wanted, [*state, None if strong else seconds]),
        former_fingerprint=_former_digest(wanted, state),
        location=pin_url(url, etag if etag.isprintable() else "", size, seconds),
    )


def _digest(endpoint: str, wanted: dict[str, str], state: list[object]) -> str:
    """SHA-256 over the store, and the object's name, version, entity tag and size.

    The name as well: not every store makes the tag from the content, and those that do
    take MD5, by which one could be made to look like another.
    """
    content = [endpoint.rstrip("/"), sorted(wanted.items()), state]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _former_digest(wanted: dict[str, str], state: list[object]) -> str:
    """The same without the store, as jobs have it that were accepted before it counted."""
    return hashlib.sha256(json.dumps([sorted(wanted.items()), state]).encode()).hexdigest()


@lru_cache
def connect(place: Place) -> BaseClient:
    """Connect to a place; one client a process serves all its threads."""
    client = boto3.session.Session(profile_name=place.profile).client(
        "s3",
        endpoint_url=place.endpoint_url,
        region_name=place.region,
        # What the system trusts, which is what reads the locations later trusts.
        verify=ssl.get_default_verify_paths().cafile,
        config=Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path" if place.path_style else "auto"},
        ),
    )
    client.meta.events.register_last("before-parameter-build.s3", _stay_in_region)
    return keep_deadlines(client)


def _stay_in_region(context: dict[str, Any], **_others: object) -> None:
    """Ask no other region of AWS than the one that was set.

    botocore follows a bucket to wherever it is, unless it takes the request for one
    that it redirected already.
    """
    context.setdefault("s3_redirect", {})["redirected"] = True


def translated(error: Exception) -> PasserbyError:
    """Translate one of `STORE_ERRORS` into the error that the caller understands."""
    match error:
        case StoreUnreachable():
            return StoreUnreachable(str(error))
        case ClientError():
            return _translate_status(_status(error))
        case ProfileNotFound():
            return SettingsError(str(error))
        case ParamValidationError() | UnicodeEncodeError():  # nothing can have this name
            return ObjectNotFound()
        case CredentialRetrievalError() | NoCredentialsError() | PartialCredentialsError():
            return ObjectForbidden()
        case _:
            return StoreUnreachable()


def reason(error: Exception) -> str:
    """Write why a store refused, for the log: in printable characters only."""
    text = str(error)
    if isinstance(error, ClientError):
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
        region = headers.get("x-amz-bucket-region")
        text += f" (the bucket is in the region {region})" if region else ""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _status(error: ClientError) -> int:
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def _translate_status(status: int) -> PasserbyError:
    if status in FORBIDDEN:
        return ObjectForbidden()
    if status == BUSY or status in SERVER_ERRORS:
        return StoreUnreachable()
    # 404 and 405, which a delete marker gives; 301 and 400, which another region gives, and
    # 400 a version that cannot be one.
    return ObjectNotFound()
