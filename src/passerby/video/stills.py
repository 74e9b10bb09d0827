"""A few frames from all over a video, for a first look at it, at little cost."""

from collections import deque
from collections.abc import Iterator

from passerby.video.container import OpenVideo, open_video
from passerby.video.decode import DecodedFrame, frames_of
from passerby.video.probe import duration_ms
from passerby.video.shards import keyframe_pts

# Key frames decode alone. Where the wanted places lie behind at least this share of
# as many key frames, those are taken; else the video is short, and decoded through.
ENOUGH_KEYFRAMES = 0.5


def stills(source: str, count: int) -> Iterator[DecodedFrame]:
    """Frames near the middles of `count` equal parts of a video.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    count : int
        Number of frames, at least 1.

    Yields
    ------
    DecodedFrame
        In order. Fewer than `count` where some middles share a key frame, or the
        video has been cut short.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    with open_video(source) as video:
        middles = _middles(video, count)
        keyframes = {pts for middle in middles if (pts := keyframe_pts(video, middle)) is not None}
        if len(keyframes) >= ENOUGH_KEYFRAMES * count:
            for pts in sorted(keyframes):
                yield from _at(video, [pts])
        else:
            # Frames that no other refers to, often half of them, need no decoding. Two
            # threads, always: in damaged areas pixels depend on how many there are.
            video.stream.codec_context.skip_frame = "NONREF"
            video.stream.thread_type, video.stream.thread_count = "FRAME", 2
            yield from _at(video, middles)


def _middles(video: OpenVideo, count: int) -> list[int]:
    """PTS of the middles of `count` equal parts."""
    part = duration_ms(video) / (1000 * video.time_base * count)
    return [video.start_pts + round((number + 0.5) * part) for number in range(count)]


def _at(video: OpenVideo, wanted: list[int]) -> Iterator[DecodedFrame]:
    """The first frame at or after each PTS, in one go; none twice."""
    missing = deque(wanted)
    for frame in frames_of(video, wanted[0]):
        if frame.pts >= missing[0]:
            yield frame
        while missing and frame.pts >= missing[0]:
            missing.popleft()
        if not missing:
            return
