"""Errors that the console answers with, and their HTTP statuses."""

from passerby.cloud.upload import InvalidFileName
from passerby.errors import (
    JobNotFound,
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    PlacesError,
    StoreUnreachable,
    TooLittleSpace,
    TooManyOrders,
    VideoGone,
)


class Refused(PasserbyError):
    """The request is refused."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


_STATUSES: dict[type[PasserbyError], int] = {
    JobNotFound: 404,
    ObjectNotFound: 404,
    ObjectForbidden: 403,
    PlacesError: 400,
    VideoGone: 404,
    StoreUnreachable: 503,
    TooLittleSpace: 507,
    TooManyOrders: 429,
    InvalidFileName: 400,
}


def status_of(error: PasserbyError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
