"""Uploads of videos into a bucket, in one request whose body is the file.

Nothing of the body is read unless the key allows the upload to be analysed.
"""

from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passerby.access.rights import upload_folder
from passerby.cloud.upload import FileUpload, normalise_name
from passerby.console.authentication import START, AuthenticatedRequest, authenticated
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.console.wording import size

# Written to the disk at a time: each write takes a turn in a thread.
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class UploadTarget:
    """The bucket that uploads go to."""

    bucket: str
    folder: Path  # the bucket's
    bytes_limit: int  # of a file; 0: any


@dataclass(frozen=True)
class Upload:
    """An upload that is allowed."""

    bucket: str
    bucket_folder: Path
    folder: str  # in the bucket, of the account: "" or with a slash at its end
    name: str
    length: int  # bytes


@dataclass(frozen=True)
class Uploads:
    """The address that videos are uploaded to."""

    target: UploadTarget | None  # None: nothing can be uploaded

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the route of uploads."""
        path = "/uploads/{name}"
        return [
            authenticated(sessions, path, self._receive, method="PUT", right=START, streams=True)
        ]

    async def _receive(self, request: AuthenticatedRequest) -> Response:
        upload = self._check(request)
        request.http.state.patient = True  # from here on, as long as it takes
        folder = upload.bucket_folder / upload.folder
        incoming = await run_in_threadpool(FileUpload, folder, upload.name, upload.length)
        with incoming:
            await _write_body(request.http, incoming, upload.length)
            key = upload.folder + await run_in_threadpool(incoming.publish)
        return JSONResponse({"bucket": upload.bucket, "key": key}, 201)

    def _check(self, request: AuthenticatedRequest) -> Upload:
        """Check that the file may be uploaded; raises Refused."""
        target = self.target
        if target is None:
            raise Refused("Uploads are disabled on this server.", 404)
        name = normalise_name(request.http.path_params["name"])
        folder = upload_folder(request.account_id)
        if not request.key.rights.allow_video(target.bucket, folder + name):
            raise Refused(f"This access key may not use {target.bucket}/{folder}{name}.", 403)
        length = request.http.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            raise Refused("The header Content-Length is required.", 411)
        if target.bytes_limit and int(length) > target.bytes_limit:
            raise Refused(f"A video may be up to {size(target.bytes_limit)}.", 413)
        if int(length) == 0:
            raise Refused("The file is empty.")
        return Upload(target.bucket, target.folder, folder, name, int(length))


async def _write_body(request: Request, incoming: FileUpload, length: int) -> None:
    """Write the body as it arrives; raises ClientDisconnect if it breaks off."""
    pending, remaining = bytearray(), length
    async for chunk in request.stream():
        pending += chunk
        remaining -= len(chunk)
        if len(pending) >= CHUNK_BYTES or not remaining:
            await run_in_threadpool(incoming.write, pending)
            pending = bytearray()
