"""Correct the times of a broadcast whose clock starts again in the middle."""

from fractions import Fraction
from typing import TypeAlias

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

AnyPacket: TypeAlias = "Packet[AudioStream] | Packet[VideoStream]"  # generic to mypy only

# A step back of more than this is a new clock, not a packet that comes late; as the ffmpeg
# program judges it (its manual: `-dts_delta_threshold`, 10 s).
RESTART_SECONDS = 10


class RunningClock:
    """A clock that runs on where a stream's own starts again; packets come in decoding order.

    Parameters
    ----------
    time_base : Fraction
        Of the stream: seconds of one tick.
    """

    def __init__(self, time_base: Fraction) -> None:
        self.offset = 0  # ticks added since the clock started again
        self._threshold = round(RESTART_SECONDS / time_base)
        self._next_dts: int | None = None  # when the packet after the last one is due

    def correct(self, packet: AnyPacket) -> None:
        """Move the times of a packet to those of the running clock."""
        self.follow(packet)
        move(packet, self.offset)

    def follow(self, packet: AnyPacket) -> None:
        """Notice whether a packet's times start the clock again, and leave them unchanged."""
        if packet.dts is None:
            return
        if self._next_dts is not None:
            back = self._next_dts - (packet.dts + self.offset)
            self.offset += back if back > self._threshold else 0
        self._next_dts = packet.dts + self.offset + (packet.duration or 0)


def move(packet: AnyPacket, ticks: int) -> None:
    """Add `ticks` to the times that a packet has."""
    if ticks and packet.dts is not None:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts += ticks
