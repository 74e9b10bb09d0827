"""Rights of an access key: lists of patterns, where an empty list allows everything.

Operations that the server forwards are the exception: each must be named.
"""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Rights:
    """Rights of a key; in a pattern, `*` stands for any text, slashes included."""

    operations: tuple[str, ...] = ()  # of names: "GetPersonTracking", "Detect*"
    videos: tuple[str, ...] = ()  # of "bucket/key": "cctv/*", "cctv/2026/*"
    topics: tuple[str, ...] = ()  # of the address that is notified when a job has ended

    def allow_operation(self, name: str) -> bool:
        """Whether the operation, one of the server's own, may be called."""
        return not self.operations or matches(name, self.operations)

    def allow_forwarded(self, name: str) -> bool:
        """Whether the operation, which others answer, may be called."""
        return matches(name, self.operations)

    def allow_video(self, bucket: str, key: str) -> bool:
        """Whether the video may be analysed, and its results be read."""
        return not self.videos or matches(f"{bucket}/{key}", self.videos)

    def allow_below(self, bucket: str, prefix: str) -> bool:
        """Whether any video whose key begins with `prefix` can be allowed."""
        place = f"{bucket}/{prefix}"
        return not self.videos or any(_matches_below(place, pattern) for pattern in self.videos)

    def allow_topic(self, address: str) -> bool:
        """Whether the topic may be notified."""
        return not self.topics or matches(address, self.topics)


def matches(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether a text matches one of the patterns as a whole."""
    return any(_expression(pattern).fullmatch(text) for pattern in patterns)


def _matches_below(place: str, pattern: str) -> bool:
    """Whether some text that begins with `place` matches the pattern."""
    head, star, _ = pattern.partition("*")
    return head.startswith(place) or bool(star and place.startswith(head))


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
