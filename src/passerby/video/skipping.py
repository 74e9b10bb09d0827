"""Skip the decoding of frames that neither the caller nor another frame needs.

Where every second frame is analysed, that is often nearly all of the others. A packet
holds the time at which its frame is shown, so skipped frames have times as well.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, repeat

from av.packet import Packet
from av.video.stream import VideoStream

from passerby.video.container import OpenVideo
from passerby.video.decode import DecodedFrame, Packets, frames_of

# Says of a frame, by its PTS and the next frame's, whether it is to be decoded.
IsWanted = Callable[[int, int], bool]

# In H.264 a frame that says it is no reference is none (nal_ref_idc is 0, section 7.4.1).
# In HEVC it is none to frames of its own temporal layer only.
SKIPPING_CODEC = "h264"
PROGRESSIVE = 1  # FFmpeg's AV_FIELD_PROGRESSIVE; else a packet may hold half a frame

# Packets, before and after, among which the next frame is searched: H.264 holds back at
# most 16 frames (section A.3.1). Where it is missed, a later one takes its place, and
# at worst a frame is decoded for nothing.
REACH = 16


@dataclass(frozen=True)
class SkippedFrame:
    """A frame left undecoded."""

    pts: int  # ticks of the stream's time base


def shown_frames(
    video: OpenVideo, start_pts: int | None, is_wanted: IsWanted
) -> Iterator[DecodedFrame | SkippedFrame]:
    """Yield every frame in order, as `frames_of`, and skip unwanted ones where possible.

    All others are exactly those that `frames_of` gives. Only where a file is damaged may
    a frame be missing that would have been shown in the place of a lost one.
    """
    skipper = _FrameSkipper(video.stream, is_wanted)
    earliest, numbers = start_pts, count()
    for frame in frames_of(video, start_pts, skipper.mark_unwanted if _can_skip(video) else None):
        for pts in skipper.skipped_before(frame.pts):
            if earliest is None or pts >= earliest:
                next(numbers)
                yield SkippedFrame(pts)
        yield replace(frame, index=next(numbers))
        earliest = frame.pts


def _can_skip(video: OpenVideo) -> bool:
    codec = video.stream.codec_context
    is_progressive = codec.field_order == PROGRESSIVE
    return video.has_presentation_times and codec.name == SKIPPING_CODEC and is_progressive


class _FrameSkipper:
    """Makes the decoder skip unwanted frames, and remembers which."""

    def __init__(self, stream: VideoStream, is_wanted: IsWanted) -> None:
        self._codec = stream.codec_context
        self._is_wanted = is_wanted
        self._unwanted: set[int] = set()  # PTS; of a frame others need, until it comes out

    def mark_unwanted(self, packets: Packets) -> Packets:
        """Yield each packet after the decoder is set to decode or skip its frame."""
        for packet, next_pts in _with_next_pts(packets):
            pts = packet.pts
            is_unwanted = (
                pts is not None and next_pts is not None and not self._is_wanted(pts, next_pts)
            )
            if pts is not None and is_unwanted:
                self._unwanted.add(pts)
            self._codec.skip_frame = "NONREF" if is_unwanted else "DEFAULT"
            yield packet

    def skipped_before(self, pts: int) -> list[int]:
        """List the PTS of the frames skipped since the last call, before the decoded one."""
        due = {unwanted for unwanted in self._unwanted if unwanted <= pts}
        self._unwanted -= due
        return sorted(due - {pts})


def _with_next_pts(packets: Packets) -> "Iterator[tuple[Packet[VideoStream], int | None]]":
    """Yield each packet with the PTS of the frame shown next, if it lies within reach."""
    behind: deque[int | None] = deque(maxlen=REACH)
    ahead: deque[Packet[VideoStream] | None] = deque()
    for latest in chain(packets, repeat(None, REACH)):
        ahead.append(latest)
        packet = ahead.popleft() if len(ahead) > REACH else None
        if packet is not None:
            near = [*behind, *(other.pts for other in ahead if other is not None)]
            yield packet, _next(packet.pts, near)
            behind.append(packet.pts)


def _next(pts: int | None, near: list[int | None]) -> int | None:
    """Return the least of `near` behind `pts`; None if there is none, or `pts` is None."""
    if pts is None:
        return None
    return min((other for other in near if other is not None and other > pts), default=None)
