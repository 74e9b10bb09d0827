"""Look up objects of an S3-compatible store and presign the URLs to read them.

All facts of an object come from one HEAD request. Its location is a presigned
URL, pinned to the entity tag that the request found: whoever has it needs neither
credentials nor this module, and reads that content or none.

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
from passerby.errors import (
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    SettingsError,
    StoreUnreachable,
)
from passerby.http_ranges import pin_url

logger = logging.getLogger(__name__)

# Every shard of a video gets a location of its own. A shard is a minute of video, save
# where a container can't be cut: then six hours of it, at a quarter of its speed.
LOCATION_SECONDS = 24 * 3600

CONNECT_SECONDS = 5
READ_SECONDS = 20
ATTEMPTS = 4

FORBIDDEN = {401, 403}
BUSY = 429
SERVER_ERRORS = range(500, 600)

_CREDENTIALS_MISSING = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError)


@dataclass(frozen=True)
class Place:
    """The place of a bucket in S3, and the credentials that open it."""

    endpoint_url: str | None = None  # None: AWS itself
    region: str | None = None
    path_style: bool = False
    profile: str | None = None  # of boto3's configuration files; None: its whole chain
    bucket: str | None = None  # its name there; None: the name by which it was asked for


def head(place: Place, bucket: str, key: str, version: str | None = None) -> ObjectFacts:
    """Find an object and return its facts.

    Raises
    ------
    ObjectNotFound
        If there is no such bucket, key or version at this place, or in this region.
    ObjectForbidden
        If the credentials do not allow to read it, or there are none.
    StoreUnreachable
        If the store does not answer.
    SettingsError
        If the place cannot be used: no such profile.
    """
    wanted = {"Bucket": place.bucket or bucket, "Key": key}
    if version is not None:
        wanted["VersionId"] = version
    try:
        client = connect(place)
        answer = client.head_object(**wanted)
        url = client.generate_presigned_url("get_object", wanted, ExpiresIn=LOCATION_SECONDS)
    except (BotoCoreError, ClientError) as error:
        refusal = translated(error)
        logger.warning("the object %r in bucket %r: %s", key, bucket, error)
        raise refusal from error
    return _facts(answer, wanted, url)


def _facts(answer: dict[str, Any], wanted: dict[str, str], url: str) -> ObjectFacts:
    etag = answer.get("ETag", "")
    return ObjectFacts(
        size_bytes=answer["ContentLength"],
        modified=answer["LastModified"],
        fingerprint=_fingerprint(answer, wanted),
        location=pin_url(url, etag),
    )


def _fingerprint(answer: dict[str, Any], wanted: dict[str, str]) -> str:
    """SHA-256 over the object's name, version, entity tag and size.

    The name as well: not every store makes the tag from the content, and those that do
    take MD5, by which one could be made to look like another.
    """
    state = [answer.get("ETag") or str(answer["LastModified"]), answer["ContentLength"]]
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
    return client


def _stay_in_region(context: dict[str, Any], **_others: object) -> None:
    """Ask no other region of AWS than the one that was set.

    botocore follows a bucket to wherever it is, unless it takes the request for one
    that it redirected already.
    """
    context.setdefault("s3_redirect", {})["redirected"] = True


def translated(error: BotoCoreError | ClientError) -> PasserbyError:
    """Translate a refusal of the store into the error that the caller understands."""
    if isinstance(error, ClientError):
        return _translate_status(error.response["ResponseMetadata"]["HTTPStatusCode"])
    if isinstance(error, ProfileNotFound):
        return SettingsError(str(error))
    if isinstance(error, ParamValidationError):  # no bucket or key can have this name
        return ObjectNotFound()
    return ObjectForbidden() if isinstance(error, _CREDENTIALS_MISSING) else StoreUnreachable()


def _translate_status(status: int) -> PasserbyError:
    if status in FORBIDDEN:
        return ObjectForbidden()
    if status == BUSY or status in SERVER_ERRORS:
        return StoreUnreachable()
    # 404 and 405, which a delete marker gives; 301 and 400, which another region gives, and
    # 400 a version that cannot be one.
    return ObjectNotFound()
