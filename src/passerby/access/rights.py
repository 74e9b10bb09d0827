"""Rights of an access key: lists of patterns, where an empty list allows everything.

Operations that the server forwards are the exception: each must be named.
"""

from dataclasses import dataclass


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
    return any(_matches(text, pattern) for pattern in patterns)


def _matches_below(place: str, pattern: str) -> bool:
    """Whether some text that begins with `place` matches the pattern."""
    head, star, _ = pattern.partition("*")
    return head.startswith(place) or bool(star and place.startswith(head))


def _matches(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern as a whole.

    Each piece between two stars is taken where it comes first: that leaves most to the others,
    so nothing need be tried twice. A regular expression would try all places of all pieces.
    """
    head, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, tail = rest
    if len(text) < len(head) + len(tail) or not (text.startswith(head) and text.endswith(tail)):
        return False
    at, end = len(head), len(text) - len(tail)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
