"""Find the videos to measure, and repeat one to any length."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

import passerby

SAMPLE = Path(passerby.__file__).parent / "samples" / "people-walking.mp4"


def clips(folder: Path) -> list[Path]:
    """The sample clip, and every MP4 file in `folder` if there is such a folder."""
    return [SAMPLE, *sorted(folder.rglob("*.mp4"))]


def sequences(folder: Path) -> list[Path]:
    """Folders in `folder` with a truth, in MOTChallenge layout, and a video."""
    with_truth = sorted(path.parent.parent for path in folder.glob("*/gt/gt.txt"))
    return [path for path in with_truth if video_of(path).exists()]


def video_of(sequence: Path) -> Path:
    """The video of a sequence: `SEQ/SEQ.mp4`."""
    return sequence / f"{sequence.name}.mp4"


def repeat_video(source: Path, seconds: float, target: Path) -> Path:
    """Write a video that plays `source` again and again, for `seconds` at the least.

    The packets are copied, not encoded anew.
    """
    with av.open(source) as first, av.open(target, "w") as container:
        stream = container.add_stream_from_template(first.streams.video[0])
        for packet in _endless_packets(source):
            if packet.dts is not None and packet.dts * packet.time_base >= seconds:
                return target
            packet.stream = stream
            container.mux(packet)
    return target


def _endless_packets(source: Path) -> "Iterator[Packet[VideoStream]]":
    """Yield the packets of the video again and again, their times running on."""
    for turn in count():
        with av.open(source) as container:
            length = _length(container)
            for packet in container.demux(video=0):
                if packet.dts is not None and packet.pts is not None:
                    packet.dts += turn * length
                    packet.pts += turn * length
                    yield packet


def _length(container: InputContainer) -> int:
    return container.streams.video[0].duration or 0
