"""Correct the times of recordings put together, whose clock starts again in the middle."""

from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

AnyPacket: TypeAlias = "Packet[AudioStream] | Packet[VideoStream]"  # generic to mypy only

# A step back of more than this is a new clock. Less is a packet that comes late, or what a
# container rounds, except at a key frame.
RESTART_SECONDS = Fraction(1, 10)


class RunningClock:
    """A clock that runs on where a stream's own starts again; packets come in decoding order.

    Parameters
    ----------
    time_base : Fraction
        Of the stream: seconds of one tick.
    """

    def __init__(self, time_base: Fraction) -> None:
        self.offset = 0  # ticks added since the clock started again
        self._threshold = RESTART_SECONDS / time_base
        self._last: int | None = None  # corrected time of the packet before
        self._step = 0  # between the last two packets

    def correct(self, packet: AnyPacket) -> None:
        """Move the times of a packet to those of the running clock."""
        self.follow(packet)
        move(packet, self.offset)

    def follow(self, packet: AnyPacket) -> None:
        """Notice whether a packet's times start the clock again, and leave them unchanged."""
        if packet.dts is None:
            return
        time = packet.dts + self.offset
        if self._last is not None:
            back = self._last - time
            # Pictures cannot come late at a key frame: whatever follows needs nothing earlier.
            is_new = back > 0 and packet.is_keyframe and packet.stream.type == "video"
            if is_new or back > self._threshold:
                due = self._last + (self._step or packet.duration or 1)
                self.offset += due - time
                time = due
            elif time > self._last:
                self._step = time - self._last
        self._last = time


def restarts(packets: Iterable[AnyPacket], time_base: Fraction) -> bool:
    """Whether the clock of a stream starts again in the middle; reads up to there."""
    clock = RunningClock(time_base)
    for packet in packets:
        clock.follow(packet)
        if clock.offset:
            return True
    return False


def move(packet: AnyPacket, ticks: int) -> None:
    """Add `ticks` to the times that a packet has."""
    if ticks and packet.dts is not None:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts += ticks
