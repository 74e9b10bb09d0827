"""How a video gets from a browser into a bucket: in one request, whose body is the file.

Nobody but a logged-in holder of a key with the right to analyse what is uploaded gets as far
as the first byte of the body.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passerby.cloud.upload import FileUpload, normalise_name
from passerby.console.authentication import START, Visit, visited
from passerby.console.dependencies import UploadPlace
from passerby.console.refusal import Refused
from passerby.console.wording import size

# Handed to the disk at a time: each write takes a turn in a thread.
CHUNK_BYTES = 1024 * 1024


async def _upload(visit: Visit) -> Response:
    place, name, length = _admitted(visit)
    request = visit.request
    request.state.patient = True  # from here on, as long as it takes
    incoming = await run_in_threadpool(FileUpload, place.folder, name, length)
    with incoming:
        await _written(request, incoming, length)
        key = await run_in_threadpool(incoming.publish)
    return JSONResponse({"bucket": place.bucket, "key": key}, 201)


def _admitted(visit: Visit) -> tuple[UploadPlace, str, int]:
    """Where the file goes, its name and its length in bytes; raises Refused."""
    place = visit.desk.upload_place
    if place is None:
        raise Refused("Nothing can be uploaded here.", 404)
    name = normalise_name(visit.request.path_params["name"])
    if not visit.session.key.rights.allow_video(place.bucket, name):
        raise Refused(f"This access key may not use {place.bucket}/{name}.", 403)
    length = visit.request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise Refused("The length of the file must be told first.", 411)
    if int(length) > place.bytes_limit:
        raise Refused(f"A video may have {size(place.bytes_limit)}.", 413)
    if int(length) == 0:
        raise Refused("The file is empty.")
    return place, name, int(length)


async def _written(request: Request, incoming: FileUpload, length: int) -> None:
    """Write what comes; raises ClientDisconnect if it breaks off."""
    pending, left = bytearray(), length
    async for chunk in request.stream():
        pending += chunk
        left -= len(chunk)
        if len(pending) >= CHUNK_BYTES or not left:
            await run_in_threadpool(incoming.write, pending)
            pending = bytearray()


ROUTES = (visited("/uploads/{name}", _upload, method="PUT", right=START, streams=True),)
