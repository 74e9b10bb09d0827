"""Where an analysis is started: the buckets are looked through, a video is chosen."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from passerby.cloud.listing import Listing
from passerby.console.authentication import START, Visit, visited
from passerby.console.dependencies import NewAnalysis, UploadPlace
from passerby.console.pages import page
from passerby.console.refusal import Refused, status_of
from passerby.errors import PasserbyError

ENTRIES = 200  # of a bucket, on one page
DELIMITER = "/"

FACES = {
    "none": "Faces are not looked for.",
    "default": "Of faces: box, five landmarks, pose and quality.",
    "all": "Of faces: box, 30 landmarks, pose, quality, eyes, mouth and smile.",
}


@dataclass(frozen=True)
class Chosen:
    """What the form shows."""

    bucket: str
    key: str
    tag: str
    token: str  # the same for each time this form is sent: it makes one job


@dataclass(frozen=True)
class Crumb:
    """A step on the way from the buckets to a folder."""

    name: str
    bucket: str
    prefix: str


def _start_page(visit: Visit) -> Response:
    query = visit.request.query_params
    chosen = None
    if query.get("key"):
        chosen = Chosen(query.get("bucket", ""), query["key"], "", secrets.token_hex(16))
    return _shown(visit, query, chosen)


def _shown(
    visit: Visit,
    query: Mapping[str, str],
    chosen: Chosen | None,
    refused: PasserbyError | None = None,
) -> Response:
    bucket, prefix = query.get("bucket", ""), query.get("prefix", "")
    if chosen is not None and "prefix" not in query:
        prefix = chosen.key[: chosen.key.rfind(DELIMITER) + 1]
    listing, complaint = _listed(visit, bucket, prefix, query.get("after"))
    return page(
        visit,
        "start.html",
        200 if refused is None else status_of(refused),
        buckets=_buckets(visit),
        has_other_buckets=visit.desk.has_other_buckets,
        bucket=bucket,
        prefix=prefix,
        crumbs=_crumbs(bucket, prefix),
        listing=listing,
        complaint=complaint,
        chosen=chosen,
        refused=refused,
        faces=FACES[visit.desk.face_attributes],
        upload=_upload(visit),
    )


def _listed(
    visit: Visit, bucket: str, prefix: str, after: str | None
) -> tuple[Listing | None, str | None]:
    """What of a folder the key may see; or what keeps it from being listed."""
    if not bucket:
        return None, None
    rights = visit.session.key.rights
    if not rights.allow_below(bucket, prefix):
        return None, "This access key may not use what is here."
    try:
        found = visit.desk.buckets.list_objects(bucket, prefix, after, ENTRIES)
    except PasserbyError as error:
        return None, str(error)
    folders = [folder for folder in found.folders if rights.allow_below(bucket, folder)]
    objects = [entry for entry in found.objects if rights.allow_video(bucket, entry.key)]
    return Listing(folders, objects, found.following), None


def _buckets(visit: Visit) -> Sequence[str]:
    rights = visit.session.key.rights
    names = visit.desk.buckets.list_buckets()
    return [name for name in names if rights.allow_below(name, "")]


def _upload(visit: Visit) -> UploadPlace | None:
    """Where uploads go; None where the key may put nothing there."""
    place = visit.desk.upload_place
    allowed = place is not None and visit.session.key.rights.allow_below(place.bucket, "")
    return place if allowed else None


def _crumbs(bucket: str, prefix: str) -> list[Crumb]:
    if not bucket:
        return []
    names = prefix.split(DELIMITER)[:-1]
    ends = ["".join(f"{name}{DELIMITER}" for name in names[: i + 1]) for i in range(len(names))]
    steps = [Crumb(name, bucket, end) for name, end in zip(names, ends, strict=True)]
    return [Crumb(bucket, bucket, ""), *steps]


def _start(visit: Visit) -> Response:
    form = visit.form
    chosen = Chosen(
        bucket=form.get("bucket", ""),
        key=form.get("key", ""),
        tag=form.get("tag", "").strip(),
        token=form.get("token", ""),
    )
    new = NewAnalysis(chosen.bucket, chosen.key, chosen.tag or None, chosen.token or None)
    try:
        if new.token is None:
            raise Refused("This form is out of date. Load the page again.")
        visit.desk.start(new, visit.session.key)
    except PasserbyError as error:
        return _shown(visit, {"bucket": chosen.bucket}, chosen, error)
    return RedirectResponse("/console/", 303)


ROUTES = (
    visited("/start", _start_page, right=START),
    visited("/start", _start, method="POST", right=START),
)
