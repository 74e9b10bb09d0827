"""What time it is in a broadcast whose clock starts again: it goes on where it was."""

from av.packet import Packet
from av.video.stream import VideoStream

from passerby.video.container import OpenVideo

# A step back of more than this is a new clock, not a packet that comes late; as the ffmpeg
# program judges it (its manual: `-dts_delta_threshold`, 10 s).
RESTART_SECONDS = 10


class RunningClock:
    """Corrects the times of packets that come in the order of decoding."""

    def __init__(self, video: OpenVideo) -> None:
        self._threshold = round(RESTART_SECONDS / video.time_base)
        self._next_dts: int | None = None  # when the packet after the last one is due
        self._offset = 0  # ticks added since the clock started again

    def correct(self, packet: "Packet[VideoStream]") -> None:
        """Set the times of a packet to those of the clock that runs on."""
        if packet.dts is None:
            return
        if self._next_dts is not None:
            back = self._next_dts - (packet.dts + self._offset)
            self._offset += back if back > self._threshold else 0
        if self._offset:
            packet.pts = None if packet.pts is None else packet.pts + self._offset
            packet.dts += self._offset
        self._next_dts = packet.dts + (packet.duration or 0)
