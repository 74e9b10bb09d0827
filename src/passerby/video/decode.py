"""Decode frames in the order of their presentation, upright, with exact times.

Damage costs what it covers: a packet that cannot be decoded is skipped, a file
cut short ends where it was cut.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, dropwhile, islice
from typing import Final, TypeAlias, cast

import av
import numpy as np
from av.packet import Packet
from av.sidedata.sidedata import SideDataContainer
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from passerby.video.clock import RunningClock
from passerby.video.container import OpenVideo, open_video, refusal
from passerby.video.kinds import ENCRYPTED_VIDEO
from passerby.video.orientation import UPRIGHT, Orientation, orientation, rotation

Image = NDArray[np.uint8]
Size = tuple[int, int]  # width, height in pixels
Packets: TypeAlias = "Iterator[Packet[VideoStream]]"  # generic to mypy only
Prepare: TypeAlias = Callable[[Packets], Packets]

# FFmpeg's name of what belongs to an encrypted packet (AV_PKT_DATA_ENCRYPTION_INFO).
ENCRYPTION: Final = "encryption_info"

UNSPECIFIED = 2  # colours that are not told: ITU-T H.273, tables 2 to 4


@dataclass(frozen=True)
class DecodedFrame:
    """One decoded frame, which is converted to images on request."""

    index: int  # among the frames that `decode` gave, from 0
    pts: int  # ticks of the stream's time base
    duration: int  # ticks; 0 where unknown
    timestamp_ms: int  # on the video's clock, rounded down
    picture: av.VideoFrame = field(repr=False, compare=False)
    stored_size: Size  # width, height of all pictures of the video, not upright yet

    @property
    def is_resized(self) -> bool:
        """Whether the picture is stored in another size than the video's, and is scaled to it."""
        return (self.picture.width, self.picture.height) != self.stored_size

    @property
    def size(self) -> Size:
        """Width and height of the upright frame, pixels; of all frames of a video the same."""
        width, height = self.stored_size
        return (height, width) if self.orientation.is_transposed else (width, height)

    def image(self, size: Size | None = None) -> Image:
        """Convert to (height, width, 3) uint8 BGR, upright; scaled to `size` when given."""
        return self._render("bgr24", size)

    def gray(self, size: Size | None = None) -> Image:
        """Convert to (height, width) uint8 brightness, upright; scaled to `size` when given."""
        return self._render("gray", size)

    @property
    def orientation(self) -> Orientation:
        """Orientation of the picture as it is stored."""
        # Not `picture.side_data`: that keeps a container which points back at the frame,
        # and every decoded picture then waits for the cyclic garbage collector.
        try:
            side_data = SideDataContainer(self.picture)  # type: ignore[call-arg]  # stub lacks it
        except ValueError:  # it holds a kind that PyAV does not know, Exif for instance
            return rotation(self.picture.rotation)
        matrix = side_data.get("DISPLAYMATRIX")
        return orientation(np.frombuffer(matrix, np.int32)) if matrix else UPRIGHT

    def _render(self, pixel_format: str, size: Size | None) -> Image:
        turn = self.orientation
        width, height = size or self.size
        if turn.is_transposed:
            width, height = height, width
        try:
            stored = self._scale(pixel_format, width, height)
        except av.error.OSError:  # of colours that no standard knows: damage
            self.picture.colorspace = UNSPECIFIED
            self.picture.color_primaries = UNSPECIFIED
            self.picture.color_trc = UNSPECIFIED
            stored = self._scale(pixel_format, width, height)
        return turn.apply(cast("Image", stored.to_ndarray()))

    def _scale(self, pixel_format: str, width: int, height: int) -> av.VideoFrame:
        """Scale the picture as it is stored, not upright yet."""
        shrinks = width < self.picture.width and height <= self.picture.height
        return self.picture.reformat(
            width,
            height,
            format=pixel_format,
            # Averaging costs no more than bilinear taps (measured: 0.6 ms from 1080p
            # to 640 x 352, decoding 7.4 ms) and skips no pixel; it cannot enlarge.
            interpolation=Interpolation.AREA if shrinks else Interpolation.BILINEAR,
            threads=1,
        )


def decode(source: str, start_pts: int | None = None) -> Iterator[DecodedFrame]:
    """Decode a video from a point on, to its end.

    Parameters
    ----------
    source : str
        Path or http(s) URL.
    start_pts : int, optional
        First PTS wanted, ticks of the stream's time base. What lies before it is
        skipped by seeking. Left out: from the beginning.

    Yields
    ------
    DecodedFrame
        With strictly increasing PTS, in one size. A frame that would repeat a PTS or step
        back is left out: no two frames are shown at once.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    with open_video(source) as video:
        is_whole = start_pts is None
        stored_size = video.stored_size if is_whole else first_stored_size(source)
        yield from frames_of(replace(video, stored_size=stored_size), start_pts)


def first_stored_size(source: str) -> Size:
    """Return width and height of the first picture of a video, not upright yet, in pixels.

    The container may tell those of a later one: FFmpeg reads some way into a broadcast before
    it tells a size.
    """
    with open_video(source) as video:
        first = next(frames_of(video), None)
        return first.stored_size if first else video.stored_size


def frames_of(
    video: OpenVideo, start_pts: int | None = None, prepare: Prepare | None = None
) -> Iterator[DecodedFrame]:
    """Decode a video that is already open, as `decode`.

    `prepare` is given the packets, and gives them on: each is decoded before it is asked
    for the next, so it may set the decoder up for one packet.
    """
    # The time of a raw frame is its number: it is counted from the first one on.
    is_whole = start_pts is None or video.raw_rate is not None
    packets = _packets(video) if is_whole else _packets_from(video, start_pts or 0)
    last: DecodedFrame | None = None
    packets = _unencrypted(packets)
    pictures = _pictures(video, prepare(packets) if prepare else packets)
    for number, picture in enumerate(pictures):
        pts = video.raw_pts(number) if video.raw_rate else _presentation_time(video, picture, last)
        if start_pts is not None and pts < start_pts:
            continue
        if last and pts <= last.pts:
            video.left_out_pts.append(pts)
            continue
        if picture.is_corrupt:
            video.damaged_pts.append(pts)
        index = last.index + 1 if last else 0
        duration = video.raw_pts(number + 1) - pts if video.raw_rate else picture.duration
        if last:
            size = last.stored_size
        elif is_whole or not all(video.stored_size):
            size = picture.width, picture.height
        else:
            size = video.stored_size
        last = DecodedFrame(index, pts, duration, video.timestamp_ms(pts), picture, size)
        yield last


def _unencrypted(packets: Packets) -> Packets:
    """Yield the packets, unless the first one says that it is encrypted."""
    for packet in islice(packets, 1):
        if packet.has_sidedata(ENCRYPTION):
            raise refusal(ENCRYPTED_VIDEO)
        yield packet
    yield from packets


def _presentation_time(video: OpenVideo, picture: av.VideoFrame, last: DecodedFrame | None) -> int:
    stored = picture.pts if video.has_presentation_times else picture.dts
    if stored is not None:
        return stored
    return last.pts + last.duration if last else video.start_pts


def _pictures(video: OpenVideo, packets: Packets) -> Iterator[av.VideoFrame]:
    for packet in packets:
        yield from _decode_packet(video, packet)
    yield from _decode_packet(video, None)


def _decode_packet(video: OpenVideo, packet: "Packet[VideoStream] | None") -> list[av.VideoFrame]:
    """Return the frames that are complete after this packet; the last ones with None."""
    try:
        return video.stream.decode(packet)
    except av.error.FFmpegError:
        if packet is not None:
            time = packet.pts if packet.pts is not None else packet.dts
            video.damaged_pts.append(video.start_pts if time is None else time)
        return []


def _packets(video: OpenVideo) -> Packets:
    """Read the packets of the stream from the container's position on, as far as possible."""
    clock = RunningClock(video.time_base) if video.clock_may_restart else None
    try:
        for packet in video.container.demux(video.stream):
            if packet.size:  # the last one is empty: PyAV's sign for "flush"
                if packet.pos is not None:
                    video.read_to.append(packet.pos + packet.size)
                if clock:
                    clock.correct(packet)
                yield packet
    except av.error.InvalidDataError:
        return  # a file cut short


def keyframe_packets(video: OpenVideo, pts: int) -> Packets:
    """Seek backward to `pts`, and read the packets of the stream from the next key frame on."""
    video.container.seek(pts, stream=video.stream)
    return dropwhile(lambda packet: not packet.is_keyframe, _packets(video))


def _packets_from(video: OpenVideo, start_pts: int) -> Packets:
    """Read the packets from a key frame on that is shown at or before `start_pts`.

    A seek may land too late: MPEG-TS has no index and is searched for any packet,
    not for a key frame. Then the next try aims further back.
    """
    second = round(1 / video.time_base)
    target, reach = start_pts, second
    while True:
        try:
            packets = keyframe_packets(video, target)
        except av.error.FFmpegError:  # a source that can only be read from front to back
            return _packets(video)
        first = next(packets, None)
        lands_in_time = first and (first.pts is None or first.pts <= start_pts)
        if lands_in_time or target < video.start_pts:
            return chain([first], packets) if first else packets
        target, reach = max(start_pts - reach, video.start_pts - second), 4 * reach
