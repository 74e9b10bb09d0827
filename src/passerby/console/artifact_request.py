"""The description of an artifact, which the server hands to the artifact process."""

from typing import Literal

import msgspec

Who = Literal["everybody", "faces", "all-but", "only"]


class ArtifactRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Description of one artifact of a job."""

    kind: Literal["playability", "preview", "portraits", "export"]
    format: str = ""  # of an export
    who: Who = "everybody"  # is blurred, in the blurred film
    persons: tuple[int, ...] = ()  # that "all-but" and "only" refer to, ascending
