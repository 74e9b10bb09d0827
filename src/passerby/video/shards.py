"""Cut a video into spans that can be analysed independently.

A span starts at a key frame, from which on the decoder needs nothing earlier.
Decoding the spans one after another gives the frames of the whole video, each
once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import av

from passerby.http_ranges import is_url
from passerby.video.clock import restarts
from passerby.video.container import INDEXED, OpenVideo, open_video
from passerby.video.decode import keyframe_packets
from passerby.video.probe import duration_ms

# An MPEG program stream times a group of frames, not each; the times between are
# counted on from the beginning, and come out differently after a seek.
# Of a Dahua recorder, seconds are told and the frames between them counted on.
TIMED_BY_GROUP = {"mpeg", "dhav"}

# Most seeks in a row that lead to no further key frame: a few wrong bytes can claim a length
# of centuries.
FRUITLESS_SEEKS = 3600


@dataclass(frozen=True)
class Span:
    """The frames with `start_pts` <= PTS < `end_pts`, in ticks of the stream's time base."""

    start_pts: int | None = None  # None: from the beginning
    end_pts: int | None = None  # None: to the end

    def ends_before(self, pts: int) -> bool:
        """Whether a frame with this PTS lies behind the span."""
        return self.end_pts is not None and pts >= self.end_pts


WHOLE_VIDEO = Span()


def plan_spans(
    source: str, span_ms: int, report: Callable[[float], None] = lambda _: None
) -> list[Span]:
    """Cut a video at the key frames nearest before each multiple of `span_ms`.

    Nothing is decoded: each cut costs a seek and a few packets.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    span_ms : int
        Length aimed at, milliseconds, at least 1. A span is longer where key
        frames are farther apart.
    report : callable
        Called with the share of the work that is done, in [0, 1]; its exceptions end the work.

    Returns
    -------
    list of Span
        In order, without gaps, the first open to the beginning and the last to
        the end. One span where the source can't be sought, stores no times, or has several
        recordings in it, each with a clock of its own.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    if span_ms < 1:
        raise ValueError(f"span_ms must be at least 1, got {span_ms}")
    with open_video(source) as video:
        cuts = list(_cuts(video, span_ms, report)) if _can_be_cut(video) else []
    if cuts and _is_put_together(source):
        cuts = []
    return [Span(start, end) for start, end in pairwise([None, *cuts, None])]


def _can_be_cut(video: OpenVideo) -> bool:
    """Whether frames get the same times wherever reading starts."""
    if video.container.format.name in TIMED_BY_GROUP or video.raw_rate:
        return False
    return video.has_presentation_times or not video.stream.codec_context.has_b_frames


def _is_put_together(source: str) -> bool:
    """Whether a clock restarts in a file: then one time means several places.

    Every packet is read, which a URL would have to be loaded for: that is not done. An MP4
    with an index has rising times by its form.
    """
    if is_url(source):
        return False
    with open_video(source) as video:
        if video.container.format.name in INDEXED:
            return False
        packets = (packet for packet in video.container.demux(video.stream) if packet.size)
        try:
            return restarts(packets, video.time_base)
        except av.error.InvalidDataError:  # a file cut short
            return False


def _cuts(video: OpenVideo, span_ms: int, report: Callable[[float], None]) -> Iterator[int]:
    """Yield the PTS of the key frames to cut at, rising, all behind the stream's start."""
    ticks_per_ms = 1 / (1000 * video.time_base)
    last, fruitless = video.start_pts, 0
    length_ms = duration_ms(video)
    for time_ms in range(span_ms, length_ms, span_ms):
        report(time_ms / length_ms)
        pts = keyframe_pts(video, video.start_pts + round(time_ms * ticks_per_ms))
        fruitless += 1
        if pts is not None and pts > last:
            yield pts
            last, fruitless = pts, 0
        if fruitless > FRUITLESS_SEEKS:
            return


def keyframe_pts(video: OpenVideo, pts: int) -> int | None:
    """Return the PTS of the key frame that a seek to `pts` leads to; None if there is none."""
    try:
        packet = next(keyframe_packets(video, pts), None)
    except av.error.FFmpegError:  # a source that can only be read from front to back
        return None
    return packet.pts if packet else None
