"""The sound of a broadcast whose clock restarts, kept in step with the pictures.

Of both, one ends a little before the other, so they cannot each go on where they were: the
pictures do (`video.clock`), and the sound follows them.
"""

from fractions import Fraction
from typing import TypeAlias

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from passerby.video.clock import RunningClock, move

SoundPacket: TypeAlias = "Packet[AudioStream]"  # generic to mypy only
PicturePacket: TypeAlias = "Packet[VideoStream]"


class Broadcast:
    """Moves packets of sound to the clock of the pictures, which it follows too.

    Parameters
    ----------
    picture_base, sound_base : Fraction
        Seconds of one tick of the pictures' stream, and of the sound's.
    """

    def __init__(self, picture_base: Fraction, sound_base: Fraction) -> None:
        self._ratio = picture_base / sound_base
        self._pictures = RunningClock(picture_base)
        self._sound = RunningClock(sound_base)
        self._offsets = [0]  # of the pictures, before and after each new start
        self._starts = 0  # how often the sound has started again
        self._waiting: list[SoundPacket] = []

    def follow(self, packet: PicturePacket) -> list[SoundPacket]:
        """Follow the next packet of the pictures; return the sound that waited for it."""
        self._pictures.follow(packet)
        if self._pictures.offset != self._offsets[-1]:
            self._offsets.append(self._pictures.offset)
        if self._starts >= len(self._offsets):
            return []
        return self._move_waiting(round(self._offsets[self._starts] * self._ratio))

    def correct(self, packet: SoundPacket) -> list[SoundPacket]:
        """Take the next packet of the sound; return the packets whose times are known now."""
        before = self._sound.offset
        self._sound.follow(packet)
        starts_again = self._sound.offset != before
        earlier = self._move_waiting(before) if starts_again else []
        self._starts += starts_again
        self._waiting.append(packet)
        if self._starts >= len(self._offsets):
            return earlier
        return earlier + self._move_waiting(round(self._offsets[self._starts] * self._ratio))

    def rest(self) -> list[SoundPacket]:
        """Return the sound to which no picture came: it goes on where it was."""
        return self._move_waiting(self._sound.offset)

    def _move_waiting(self, ticks: int) -> list[SoundPacket]:
        moved, self._waiting = self._waiting, []
        for packet in moved:
            move(packet, ticks)
        return moved
