"""Sample the frames that are on display at the ticks of a fixed clock.

The ticks lie at the first frame's time plus k / rate. A frame is analysed if a
tick falls between its own presentation and the next frame's. At a constant rate
`fps` this is the grid that the recorded answers of Rekognition follow,
n_k = floor(k fps / 15); at a variable rate it is what that grid means.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, pairwise

from passerby.video.container import OpenVideo, open_video
from passerby.video.decode import DecodedFrame, first_stored_size
from passerby.video.shards import Span
from passerby.video.skipping import SkippedFrame, shown_frames

FACE_RATE = Fraction(5)  # Hz; Rekognition looks for faces at every third tick of 15 Hz


@dataclass(frozen=True)
class SamplingGrid:
    """The ticks of one video, the same for each of its spans."""

    origin_pts: int  # PTS of the video's first frame
    time_base: Fraction  # seconds of one tick of a PTS
    frame_rate: Fraction | None  # mean of the video, frames per second; None: unknown
    rate: Fraction | None  # ticks per second; None: every frame is analysed

    def is_analysed(self, pts: int, next_pts: int) -> bool:
        """Whether the frame shown from `pts` until `next_pts` is analysed."""
        return self.rate is None or self._has_tick(self.rate, pts, next_pts)

    def has_face_tick(self, pts: int, next_pts: int) -> bool:
        """Whether faces are detected in the frame as well."""
        return self._has_tick(self._face_rate, pts, next_pts)

    @cached_property
    def _face_rate(self) -> Fraction:
        """Rate nearest to `FACE_RATE` whose ticks are all ticks of the grid."""
        if self.rate is None:
            return FACE_RATE
        return self.rate / max(1, round(self.rate / FACE_RATE))

    def _has_tick(self, rate: Fraction, pts: int, next_pts: int) -> bool:
        first = (self._shown_from(pts) * rate).__ceil__()
        return first < self._shown_from(next_pts) * rate

    def _shown_from(self, pts: int) -> Fraction:
        """Return the seconds after the origin at which a frame appears, before rounding.

        A container rounds times to its time base; in Matroska, to a millisecond.
        At 30 and at 29.97 frames per second the third frame is stored at 67 ms in
        both cases, yet the tick at 66.667 ms shows it in the first case only. A
        PTS within a tick of a multiple of the frame time stands for that multiple.
        """
        ticks = pts - self.origin_pts
        if self.frame_rate is not None:
            frame_ticks = 1 / (self.frame_rate * self.time_base)
            nominal = round(ticks / frame_ticks) * frame_ticks
            if abs(nominal - ticks) < 1:
                return nominal * self.time_base
        return (ticks - Fraction(1, 2)) * self.time_base


@dataclass(frozen=True)
class SampledFrame:
    """A frame to be analysed."""

    frame: DecodedFrame
    has_face_tick: bool
    is_beyond_span: bool  # the first analysed frame behind the span, given for its motion


class AnalysedFrames:
    """The frames of a span that are analysed, and the first one behind it.

    Iterate once; afterwards `decoded_count` tells how many frames the span holds,
    `damage_ms` when something in it was damaged, `left_out` how many frames had a time that
    repeats or steps back, `last_ms` and `end_ms` when the last frame appears and ends, and
    `is_unread` whether the file goes on behind the end of the video.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    span : Span
        The part of the video.
    rate : Fraction or None
        Ticks per second; None: every frame is analysed.
    origin_pts : int
        PTS of the first frame of the whole video (`first_pts`).
    """

    def __init__(self, source: str, span: Span, rate: Fraction | None, origin_pts: int) -> None:
        self.decoded_count = 0
        self.damage_ms: list[int] = []
        self.left_out = self.last_ms = self.end_ms = 0
        self.is_unread = False
        self._source = source
        self._span = span
        self._rate = rate
        self._origin_pts = origin_pts

    def __iter__(self) -> Iterator[SampledFrame]:
        with open_video(self._source) as opened, self._record_damage(opened):
            video = self._in_one_size(opened)
            grid = self._grid(video)
            frames = shown_frames(video, self._span.start_pts, grid.is_analysed)
            for frame, next_pts in _with_next_pts(frames):
                is_beyond = self._span.ends_before(frame.pts)
                if not is_beyond:
                    self.decoded_count += 1
                    self._note_end(video, frame, next_pts)
                if isinstance(frame, DecodedFrame) and grid.is_analysed(frame.pts, next_pts):
                    has_face_tick = grid.has_face_tick(frame.pts, next_pts)
                    yield SampledFrame(frame, has_face_tick, is_beyond)
                    if is_beyond:
                        return
            self.is_unread = video.is_unread

    def _in_one_size(self, video: OpenVideo) -> OpenVideo:
        """Scale to the first picture of the whole video, wherever the span starts."""
        if self._span.start_pts is None:
            return video
        return replace(video, stored_size=first_stored_size(self._source))

    @contextmanager
    def _record_damage(self, video: OpenVideo) -> Iterator[None]:
        try:
            yield
        finally:
            start = self._span.start_pts
            inside = [
                pts
                for pts in sorted(set(video.damaged_pts))
                if (start is None or pts >= start) and not self._span.ends_before(pts)
            ]
            self.damage_ms = [video.timestamp_ms(pts) for pts in inside]
            self.left_out = sum(not self._span.ends_before(pts) for pts in video.left_out_pts)

    def _note_end(
        self, video: OpenVideo, frame: DecodedFrame | SkippedFrame, next_pts: int
    ) -> None:
        """Remember the last frame of the span."""
        self.last_ms = video.timestamp_ms(frame.pts)
        # One tick more than nothing, as a last frame may have no duration.
        self.end_ms = max(video.timestamp_ms(next_pts), self.last_ms + 1)

    def _grid(self, video: OpenVideo) -> SamplingGrid:
        return SamplingGrid(self._origin_pts, video.time_base, video.frame_rate, self._rate)


def _with_next_pts(
    frames: Iterator[DecodedFrame | SkippedFrame],
) -> Iterator[tuple[DecodedFrame | SkippedFrame, int]]:
    """Yield each frame with the PTS at which the next replaces it; the last lasts its duration."""
    for frame, following in pairwise(chain(frames, [None])):
        if frame is not None and following is not None:
            yield frame, following.pts
        elif isinstance(frame, DecodedFrame):  # the last is never left undecoded
            yield frame, frame.pts + max(frame.duration, 1)
