"""What is said of a video that was damaged: where, and how much."""

import numpy as np

from passerby.records import Observations, VideoInfo

# Damage with less than this between is told as one stretch, milliseconds.
NEAR_MS = 1000
# How much earlier than its container says a video may end without a word: the last frame's
# own time and what containers round.
EARLY_MS = 1000
EARLY_SHARE = 0.02


def warnings(video: VideoInfo, observations: Observations) -> tuple[str, ...]:
    """Describe each damaged stretch in a sentence, and an end that comes too early.

    Examples
    --------
    >>> import passerby.testing as testing
    >>> video = VideoInfo("h264", "QuickTime / MOV", 15.0, 640, 360, 2000, "LIMITED")
    >>> warnings(video, testing.observations([[]] * 30))
    ()
    """
    damage_ms = observations.damage_ms
    starts = np.flatnonzero(np.diff(damage_ms, prepend=-np.inf) >= NEAR_MS)
    stretches = [stretch for stretch in np.split(damage_ms, starts) if len(stretch)]
    told = [
        f"The video is damaged from {stretch[0] / 1000:.1f} s to {stretch[-1] / 1000:.1f} s: "
        f"{len(stretch)} of its frames are lost or spoilt."
        for stretch in stretches
    ]
    first_ms, last_ms = observations.timestamp_ms[[0, -1]].tolist()
    missing_ms = video.duration_ms - (last_ms - first_ms)
    if missing_ms > EARLY_MS + EARLY_SHARE * video.duration_ms:
        told.append(
            f"The video ends after {(last_ms - first_ms) / 1000:.1f} s, "
            f"and its container says {video.duration_ms / 1000:.1f} s."
        )
    return tuple(told)
