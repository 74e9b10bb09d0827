"""Videos that take a second or two to analyse, and are cut into several shards all the same."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

import passerby

SAMPLE = Path(passerby.__file__).parent / "samples" / "people-walking.mp4"
SAMPLE_SECONDS = 16
# So many times slower, the sample has a key frame a minute, and is cut at each.
SLOWNESS = 12


@dataclass(frozen=True)
class ClipKind:
    """A video that jobs are made of; each job gets a copy, and so observations, of its own."""

    name: str
    rounds: int  # how often the sample is shown; 0: as it is, at its own speed


# 1 shard of 160 frames; 4 and 8 shards of 10 to 50 frames.
KINDS = (ClipKind("short", 0), ClipKind("once", 1), ClipKind("twice", 2))


def make_clip(kind: ClipKind, folder: Path) -> Path:
    """Write the video of a kind; nothing is encoded anew."""
    path = folder / f"{kind.name}.mp4"
    if kind.rounds == 0:
        path.write_bytes(SAMPLE.read_bytes())
        return path
    with av.open(path, "w") as target:
        stream: VideoStream | None = None
        for number in range(kind.rounds):
            with av.open(SAMPLE) as source:
                film = source.streams.video[0]
                stream = stream or target.add_stream_from_template(film)
                for packet in source.demux(film):
                    if packet.size:
                        _place(packet, number * SAMPLE_SECONDS)
                        packet.stream = stream
                        target.mux(packet)
    return path


def _place(packet: "Packet[VideoStream]", delay_seconds: int) -> None:
    assert packet.pts is not None
    assert packet.dts is not None
    ticks = round(Fraction(delay_seconds) / packet.time_base)
    packet.pts = (packet.pts + ticks) * SLOWNESS
    packet.dts = (packet.dts + ticks) * SLOWNESS
    packet.duration = (packet.duration or 0) * SLOWNESS
