"""The page that starts an analysis: buckets are browsed, and a video is chosen."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passerby.access.keys import AccessKey
from passerby.access.rights import Rights, upload_folder
from passerby.cloud.listing import Listing
from passerby.console.authentication import START, AuthenticatedRequest, authenticated
from passerby.console.refusal import Refused, status_of
from passerby.console.rendering import render_page
from passerby.console.sessions import Sessions
from passerby.console.upload import UploadTarget
from passerby.errors import PasserbyError

ENTRIES = 200  # of a bucket, on one page
DELIMITER = "/"

FACES = {
    "none": "Faces are not detected.",
    "default": "For each face: box, five landmarks, pose and quality.",
    "all": "For each face: box, 30 landmarks, pose, quality, eyes, mouth and smile.",
}


class BucketListing(Protocol):
    """Buckets that can be browsed."""

    def list_buckets(self) -> list[str]:
        """Return the names of the buckets, sorted."""

    def list_objects(self, bucket: str, prefix: str, after: str | None, limit: int) -> Listing:
        """Return one level of a bucket; see `cloud.listing`."""


@dataclass(frozen=True)
class NewAnalysis:
    """A video to analyse, as the form names it."""

    bucket: str
    key: str
    tag: str  # "" for none
    token: str  # the same for each time the form is sent: it makes one job


@dataclass(frozen=True)
class Crumb:
    """A step on the path from the buckets to a folder."""

    name: str
    bucket: str
    prefix: str


@dataclass(frozen=True)
class StartPage:
    """The page that starts an analysis."""

    buckets: BucketListing
    has_other_buckets: bool  # that are not listed, but can be opened by name
    start_job: Callable[[AccessKey, NewAnalysis], None]  # raises Refused
    upload_target: UploadTarget | None  # None: nothing can be uploaded
    face_attributes: str  # as in the settings

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of the page."""
        return [
            authenticated(sessions, "/start", self._page, right=START),
            authenticated(sessions, "/start", self._start, method="POST", right=START),
        ]

    def _page(self, request: AuthenticatedRequest) -> Response:
        query = request.http.query_params
        chosen = None
        if query.get("key"):
            chosen = NewAnalysis(query.get("bucket", ""), query["key"], "", secrets.token_hex(16))
        return self._render(request, query, chosen)

    def _start(self, request: AuthenticatedRequest) -> Response:
        form = request.form
        chosen = NewAnalysis(
            bucket=form.get("bucket", ""),
            key=form.get("key", ""),
            tag=form.get("tag", "").strip(),
            token=form.get("token", ""),
        )
        try:
            if not chosen.token:
                raise Refused("This form is out of date. Load the page again.")
            self.start_job(request.key, chosen)
        except PasserbyError as error:
            return self._render(request, {"bucket": chosen.bucket}, chosen, error)
        return RedirectResponse("/console/", 303)

    def _render(
        self,
        request: AuthenticatedRequest,
        query: Mapping[str, str],
        chosen: NewAnalysis | None,
        refused: PasserbyError | None = None,
    ) -> Response:
        bucket, prefix = query.get("bucket", ""), query.get("prefix", "")
        if chosen is not None and "prefix" not in query:
            prefix = chosen.key[: chosen.key.rfind(DELIMITER) + 1]
        listing, listing_error = self._list(request.key.rights, bucket, prefix, query.get("after"))
        return render_page(
            request,
            "start.html",
            200 if refused is None else status_of(refused),
            buckets=self._list_buckets(request.key.rights),
            has_other_buckets=self.has_other_buckets,
            bucket=bucket,
            prefix=prefix,
            crumbs=_crumbs(bucket, prefix),
            listing=listing,
            listing_error=listing_error,
            chosen=chosen,
            refused=refused,
            faces=FACES[self.face_attributes],
            upload=self._allowed_upload_target(request),
        )

    def _list(
        self, rights: Rights, bucket: str, prefix: str, after: str | None
    ) -> tuple[Listing | None, str | None]:
        """List what the key may see of a folder; or return the error that prevents it."""
        if not bucket:
            return None, None
        if not rights.allow_below(bucket, prefix):
            return None, "This access key may not use this folder."
        try:
            found = self.buckets.list_objects(bucket, prefix, after, ENTRIES)
        except PasserbyError as error:
            return None, str(error)
        folders = [folder for folder in found.folders if rights.allow_below(bucket, folder)]
        objects = [entry for entry in found.objects if rights.allow_video(bucket, entry.key)]
        return Listing(folders, objects, found.following), None

    def _list_buckets(self, rights: Rights) -> Sequence[str]:
        return [name for name in self.buckets.list_buckets() if rights.allow_below(name, "")]

    def _allowed_upload_target(self, request: AuthenticatedRequest) -> UploadTarget | None:
        """Return the target of uploads; None if the key may upload nothing there."""
        target, rights = self.upload_target, request.key.rights
        folder = upload_folder(request.account_id)
        return target if target and rights.allow_below(target.bucket, folder) else None


def _crumbs(bucket: str, prefix: str) -> list[Crumb]:
    if not bucket:
        return []
    names = prefix.split(DELIMITER)[:-1]
    ends = ["".join(f"{name}{DELIMITER}" for name in names[: i + 1]) for i in range(len(names))]
    steps = [Crumb(name, bucket, end) for name, end in zip(names, ends, strict=True)]
    return [Crumb(bucket, bucket, ""), *steps]
