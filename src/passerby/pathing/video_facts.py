"""Correct what a container says of a video by what was found in it."""

from dataclasses import replace

from passerby.records import Observations, VideoInfo

# A told frame rate that many times too high or too low is a default, not a measurement.
MOST_WRONG = 2.0
# Of a single frame, neither rate nor length can be measured.
USUAL_RATE, HIGHEST_RATE = 25.0, 240.0


def measured(video: VideoInfo, observations: Observations) -> VideoInfo:
    """Return the facts of a video, so that they fit the frames that it has.

    No frame lies behind the end, and the frame rate is that of the frames where the container
    tells another one. The container's words stay where they can be true: a video may be
    longer than its last frame, and the rate of a phone varies.
    """
    rate = _frame_rate(video.frame_rate, observations)
    last_ms = max(observations.last_ms, int(observations.timestamp_ms[-1]))
    end_ms = max(observations.end_ms, last_ms + 1)
    if observations.frame_count == 1 and end_ms <= 1:
        end_ms = round(1000 / rate)  # a picture that does not say how long it is shown
    return replace(video, frame_rate=rate, duration_ms=max(video.duration_ms, end_ms))


def _frame_rate(told: float, observations: Observations) -> float:
    count = observations.frame_count + observations.left_out
    span_ms = observations.last_ms - int(observations.timestamp_ms[0])
    if count < 2 or span_ms <= 0:  # noqa: PLR2004 - one frame has no rate
        return told if 0 < told <= HIGHEST_RATE else USUAL_RATE
    found = 1000 * (count - 1) / span_ms
    is_right = found / MOST_WRONG < told < found * MOST_WRONG
    return told if is_right else found
