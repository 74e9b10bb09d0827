"""Tell once of each store that refuses the entity tags it gives."""

import logging

from passerby.http_ranges import PinnedUrl

logger = logging.getLogger(__name__)

_told: set[str] = set()


def report_refused_tag(url: PinnedUrl) -> None:
    """Log, once in this process, that the store of a URL refused its own entity tag."""
    if not url.refuses_own_tag or url.server in _told:
        return
    _told.add(url.server)
    logger.warning(
        "the store %s refuses If-Match with its own entity tag; requests go without it, and "
        "entity tag, size and time of the last change of each answer are compared instead",
        url.server,
    )
