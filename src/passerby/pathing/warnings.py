"""What is said of a video that was not seen whole, and of persons who may be none."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DamagedVideo
from passerby.records import Observations, VideoInfo

# Damage with less than this between is told as one stretch, milliseconds.
NEAR_MS = 1000
# How much earlier than its container says a video may end without a word: the last frame's
# own time and what containers round.
EARLY_MS = 1000
EARLY_SHARE = 0.02
# So many persons are named one by one.
MOST_LISTED = 20


def warnings(
    video: VideoInfo, observations: Observations, *, tells_own_length: bool = True
) -> tuple[str, ...]:
    """Describe what was damaged, left out or scaled, and an end that comes too early.

    Parameters
    ----------
    video : VideoInfo
        As its container tells it.
    observations : Observations
    tells_own_length : bool
        Whether the container tells the length of the pictures. Else sound may be longer.

    Examples
    --------
    >>> import passerby.testing as testing
    >>> video = VideoInfo("h264", "QuickTime / MOV", 15.0, 640, 360, 2000, "LIMITED")
    >>> warnings(video, testing.observations([[]] * 30))
    ()
    """
    told = [
        f"The video is damaged from {_span(stretch)}: "
        f"{len(stretch)} of its frames are lost or spoilt."
        for stretch in _stretches(observations.damage_ms)
    ]
    if observations.left_out:
        told.append(
            f"{observations.left_out} frames were left out, because their times repeat or "
            "step back."
        )
    if len(observations.resized_ms):
        told.append(
            f"The size of the picture changes: from {_span(observations.resized_ms)}, "
            f"{len(observations.resized_ms)} analysed frames were scaled to "
            f"{video.width}x{video.height} pixels."
        )
    if observations.is_unread:
        told.append(
            "The file goes on behind the end of the video: perhaps several recordings were put "
            "together, of which only the first can be read. Join them anew: "
            "ffmpeg -f concat -i LIST -c copy video.mkv"
        )
    if tells_own_length and _ends_early(video, observations):
        told.append(
            f"The video ends after {_seen_ms(observations) / 1000:.1f} s, "
            f"and its container says {video.duration_ms / 1000:.1f} s."
        )
    return tuple(told)


# What is said of persons by the value of their doubt.
DOUBTS = {"motionless": "never move against the background", "weak": "were never seen well"}


def describe_doubts(doubts: Mapping[int, str], *, left_out: bool) -> tuple[str, ...]:
    """Name the persons who may be none, a sentence for each doubt.

    Examples
    --------
    >>> describe_doubts({2: "motionless", 5: "motionless"}, left_out=False)
    ('Doubtful: persons 2, 5 never move against the background. --strict leaves them out.',)
    >>> describe_doubts({7: "weak"}, left_out=True)
    ('Left out as doubtful: 1 who were never seen well.',)
    """
    told = []
    for doubt, words in DOUBTS.items():
        persons = [person for person, reason in doubts.items() if reason == doubt]
        if persons and left_out:
            told.append(f"Left out as doubtful: {len(persons)} who {words}.")
        elif persons:
            told.append(f"Doubtful: {_persons(persons)} {words}. --strict leaves them out.")
    return tuple(told)


def check_lost(observations: Observations, most_lost: float) -> None:
    """Refuse a video of whose frames more than a share were lost.

    Raises
    ------
    DamagedVideo
    """
    lost = len(observations.damage_ms) + observations.left_out
    share = lost / max(lost + observations.frame_count, 1)
    if share > most_lost:
        raise DamagedVideo(
            f"{lost} of the video's {lost + observations.frame_count} frames are damaged or have "
            f"no usable time. Up to {most_lost:.0%} are accepted (most_lost)."
        )


def _persons(indexes: Sequence[int]) -> str:
    """List person indexes, the first ones only where there are many."""
    listed = ", ".join(map(str, indexes[:MOST_LISTED]))
    more = f" and {len(indexes) - MOST_LISTED} more" * (len(indexes) > MOST_LISTED)
    return f"persons {listed}{more}"


def _ends_early(video: VideoInfo, observations: Observations) -> bool:
    missing_ms = video.duration_ms - _seen_ms(observations)
    return missing_ms > EARLY_MS + EARLY_SHARE * video.duration_ms


def _seen_ms(observations: Observations) -> int:
    """When the last frame that was read ends."""
    return max(int(observations.timestamp_ms[-1]), observations.end_ms)


def _stretches(times_ms: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split times where there is a second or more between."""
    starts = np.flatnonzero(np.diff(times_ms, prepend=-np.inf) >= NEAR_MS)
    return [stretch for stretch in np.split(times_ms, starts) if len(stretch)]


def _span(times_ms: NDArray[np.int64]) -> str:
    return f"{times_ms[0] / 1000:.1f} s to {times_ms[-1] / 1000:.1f} s"
