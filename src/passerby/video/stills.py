"""A few frames from all over a video, for a first look at it."""

from collections.abc import Iterator

from passerby.video.container import open_video
from passerby.video.decode import DecodedFrame, frames_of
from passerby.video.probe import duration_ms


def stills(source: str, count: int) -> Iterator[DecodedFrame]:
    """Frames at the middles of `count` equal parts of a video.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    count : int
        Number of frames, at least 1.

    Yields
    ------
    DecodedFrame
        In order; fewer than `count` where the video has been cut short.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    with open_video(source) as video:
        part = duration_ms(video) / (1000 * video.time_base * count)
        for number in range(count):
            middle_pts = video.start_pts + round((number + 0.5) * part)
            yield from _first(frames_of(video, middle_pts))


def _first(frames: Iterator[DecodedFrame]) -> Iterator[DecodedFrame]:
    """The first frame, if there is one."""
    for frame in frames:
        yield frame
        return
