"""Rights of an access key: lists of patterns, where an empty list allows everything.

There are two exceptions. Operations that the server forwards must be named each. And whatever
the patterns say, nobody sees what another account has uploaded.
"""

from dataclasses import dataclass

from passerby.access.accounts import ACCOUNT_ID, DEFAULT_ACCOUNT_ID


@dataclass(frozen=True)
class OwnUploads:
    """The bucket of uploads, as one account sees it: the rule that keeps accounts apart.

    Each account has a folder of its own in it, which has its id for a name. All that lies
    elsewhere is the first account's, as in earlier versions.
    """

    bucket: str
    account_id: str

    def allow(self, bucket: str, key: str) -> bool:
        """Whether an object is no upload of another account."""
        return bucket != self.bucket or _owner(key) == self.account_id

    def allow_below(self, bucket: str, prefix: str) -> bool:
        """Whether anything that begins with `prefix` can be allowed."""
        return not prefix or self.allow(bucket, prefix)


def upload_folder(account_id: str) -> str:
    """Return the prefix of an account's uploads; "" for the first account."""
    return "" if account_id == DEFAULT_ACCOUNT_ID else f"{account_id}/"


def _owner(key: str) -> str:
    """Account of an object in the bucket of uploads."""
    folder, slash, _ = key.partition("/")
    return folder if slash and ACCOUNT_ID.fullmatch(folder) else DEFAULT_ACCOUNT_ID


@dataclass(frozen=True)
class Rights:
    """Rights of a key; in a pattern, `*` stands for any text, slashes included."""

    operations: tuple[str, ...] = ()  # of names: "GetPersonTracking", "Detect*"
    videos: tuple[str, ...] = ()  # of "bucket/key": "cctv/*", "cctv/2026/*"
    topics: tuple[str, ...] = ()  # of the address that is notified when a job has ended
    uploads: OwnUploads | None = None  # None: there is no bucket of uploads

    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Return what is stored of them, by name."""
        return {"operations": self.operations, "videos": self.videos, "topics": self.topics}

    def allow_operation(self, name: str) -> bool:
        """Whether the operation, one of the server's own, may be called."""
        return not self.operations or matches(name, self.operations)

    def allow_forwarded(self, name: str) -> bool:
        """Whether the operation, which others answer, may be called."""
        return matches(name, self.operations)

    def allow_video(self, bucket: str, key: str) -> bool:
        """Whether the video may be analysed, and its results be read."""
        if self.uploads and not self.uploads.allow(bucket, key):
            return False
        return not self.videos or matches(f"{bucket}/{key}", self.videos)

    def allow_below(self, bucket: str, prefix: str) -> bool:
        """Whether any video whose key begins with `prefix` can be allowed."""
        if self.uploads and not self.uploads.allow_below(bucket, prefix):
            return False
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
