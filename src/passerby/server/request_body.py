"""Read the body of a request up to a limit."""

from starlette.requests import Request


async def read_body(request: Request, limit: int) -> bytes | None:
    """Read the whole body of a request; None if it is longer than `limit` bytes.

    No more is read than is needed to know that.

    Raises
    ------
    ClientDisconnect
        If the client leaves before its request is whole.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
