"""Decode a few frames from all over a video at little cost."""

from collections import deque
from collections.abc import Iterator
from math import inf

from passerby.video.container import OpenVideo, open_video
from passerby.video.decode import DecodedFrame, frames_of
from passerby.video.probe import duration_ms
from passerby.video.shards import keyframe_pts

# Key frames decode alone. Where the wanted places lie behind at least this share of
# as many key frames, those are taken.
ENOUGH_KEYFRAMES = 0.5

# Else what lies between two stills has to be decoded. Up to this distance, seconds, the
# video is decoded through; farther, stills this far apart are taken behind each key
# frame. On MOT16-09 and PETS09-S2L1 they lead to the same input size as stills from the
# whole of the video, and take 1.3 and 0.4 s of a core instead of 2.9 and 1.9.
LARGEST_STEP_S = 1


def stills(source: str, count: int) -> Iterator[DecodedFrame]:
    """Decode frames near the middles of `count` equal parts of a video, if that is cheap.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    count : int
        Number of frames, at least 1.

    Yields
    ------
    DecodedFrame
        In order, about `count` of them. Fewer where some middles share a key frame, or
        the video has been cut short.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    with open_video(source) as video:
        if video.raw_rate:
            yield from _raw_stills(source, video, count)
            return
        middles = _middles(video, count)
        reached = {pts for middle in middles if (pts := keyframe_pts(video, middle)) is not None}
        keyframes = sorted(reached) or [video.start_pts]
        if len(keyframes) >= ENOUGH_KEYFRAMES * count:
            groups = [[pts] for pts in keyframes]
        else:
            groups = _spread_groups(video, middles, keyframes)
            # Frames that no other refers to, often half of them, need no decoding. Two
            # threads, always: in damaged areas pixels depend on how many there are.
            video.stream.codec_context.skip_frame = "NONREF"
            video.stream.thread_type, video.stream.thread_count = "FRAME", 2
        for wanted in groups:
            yield from _decode_at(video, wanted)


def _raw_stills(source: str, video: OpenVideo, count: int) -> Iterator[DecodedFrame]:
    """Decode up to `count` key frames from all over a raw stream, which cannot be sought.

    Their times count key frames only.
    """
    with open_video(source) as whole:
        keys = sum(packet.is_keyframe for packet in whole.container.demux(whole.stream))
    wanted = {(2 * number + 1) * keys // (2 * count) for number in range(count)}
    video.stream.codec_context.skip_frame = "NONKEY"
    for number, frame in enumerate(frames_of(video)):
        if number in wanted:
            yield frame


def _spread_groups(video: OpenVideo, middles: list[int], keyframes: list[int]) -> list[list[int]]:
    """Group the PTS to decode, about as many as `middles`, so that each group is close together."""
    step = round(LARGEST_STEP_S / video.time_base)
    if middles[-1] - middles[0] <= step * (len(middles) - 1):
        return [middles]
    each = range(-(-len(middles) // len(keyframes)))
    groups = [[pts + number * step for number in each] for pts in keyframes]
    return [
        [pts for pts in group if pts < following]
        for group, following in zip(groups, [*keyframes[1:], inf], strict=True)
    ]


def _middles(video: OpenVideo, count: int) -> list[int]:
    """Compute the PTS of the middles of `count` equal parts."""
    part = duration_ms(video) / (1000 * video.time_base * count)
    return [video.start_pts + round((number + 0.5) * part) for number in range(count)]


def _decode_at(video: OpenVideo, wanted: list[int]) -> Iterator[DecodedFrame]:
    """Decode the first frame at or after each PTS in one run; none twice."""
    missing = deque(wanted)
    for frame in frames_of(video, wanted[0]):
        if frame.pts >= missing[0]:
            yield frame
        while missing and frame.pts >= missing[0]:
            missing.popleft()
        if not missing:
            return
