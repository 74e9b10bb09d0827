"""Sound that can be recognised: put beside a picture, found again in a film, and timed."""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

from passerby.video.container import open_video

Samples = NDArray[np.float32]
Packets: TypeAlias = "Iterable[Packet[Stream]]"  # generic to mypy only
RATE = 48_000
BLOCK = 1024  # samples handed to an encoder at a time


def noise(seconds: float, rate: int = RATE, seed: int = 0) -> Samples:
    """(n,) noise without high pitches, which every codec keeps, never twice the same."""
    count = round(seconds * rate)
    white = np.random.default_rng(seed).normal(0, 1, count)
    window = np.hanning(rate // 1000)
    rumble = np.convolve(white, window / window.sum(), "same")
    return np.asarray(0.3 * rumble / np.abs(rumble).max(), np.float32)


def add_sound(
    clip: Path,
    target: Path,
    samples: Samples,
    codec: str,
    *,
    rate: int = RATE,
    start_s: Fraction = Fraction(0),
    layout: str = "mono",
    damage: Callable[[int, bytes], bytes | None] = lambda _, content: content,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """Write a clip once more, its packets as they are, with sound from `start_s` on.

    `damage` is given the number and the content of each packet of sound, and gives what
    is written in its place; None: nothing is.
    """
    options = dict(container_options or {})
    with av.open(clip) as source, av.open(target, "w", container_options=options) as output:
        pictures = source.streams.video[0]
        shown = output.add_stream_from_template(pictures, opaque=True)
        heard = cast("AudioStream", output.add_stream(codec, rate, layout=layout))
        packets = list(_damaged(_encoded(heard, samples, rate, start_s), damage))
        for picture in source.demux(pictures):
            if picture.size:
                picture.stream = shown
                packets.append(cast("Packet[Stream]", picture))
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base):
            output.mux(packet)
    return target


def _encoded(stream: AudioStream, samples: Samples, rate: int, start_s: Fraction) -> Packets:
    stream.codec_context.time_base = Fraction(1, rate)
    channels = stream.layout.nb_channels
    for first, end in pairwise([*range(0, len(samples), BLOCK), len(samples)]):
        block = np.repeat(samples[None, first:end], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(block, "fltp", stream.layout.name)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = first + round(start_s * rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _damaged(packets: Packets, damage: Callable[[int, bytes], bytes | None]) -> Packets:
    for number, packet in enumerate(packets):
        content = damage(number, bytes(packet))
        if content is not None:
            packet.update(content)
            yield packet


def heard(path: Path, seconds: float, rate: int = RATE) -> Samples:
    """(n,) what is heard from 0 to `seconds` on the video's clock; silence where nothing is."""
    times, blocks = [], []
    with open_video(str(path)) as video:
        zero_s = video.zero_pts * video.time_base
        resampler = av.AudioResampler("fltp", "mono", rate)
        for packet in video.container.demux(video.container.streams.audio[0]):
            for frame in _decoded(packet):
                for part in resampler.resample(frame):
                    assert part.pts is not None
                    assert part.time_base is not None
                    times.append(part.pts * part.time_base - zero_s)
                    blocks.append(part.to_ndarray()[0].astype(np.float32))
    everything = np.zeros(round(seconds * rate), np.float32)
    for time, block in zip(times, blocks, strict=True):
        first = round(time * rate)
        part = block[max(0, -first) : max(0, len(everything) - first)]
        everything[max(0, first) : max(0, first) + len(part)] = part
    return everything


def _decoded(packet: "Packet[AudioStream]") -> list[av.AudioFrame]:
    try:
        return packet.decode()
    except av.error.FFmpegError:
        return []


def on_the_clock(samples: Samples, start_s: Fraction, seconds: float, rate: int = RATE) -> Samples:
    """(n,) samples that begin at a time, as `heard` gives them."""
    everything = np.zeros(round(seconds * rate), np.float32)
    first = round(start_s * rate)
    part = samples[max(0, -first) : max(0, len(everything) - first)]
    everything[max(0, first) : max(0, first) + len(part)] = part
    return everything


def lag_s(expected: Samples, given: Samples, rate: int = RATE) -> tuple[float, float]:
    """How much later one is than the other, seconds, and how alike they are there, up to 1."""
    count = 2 * max(len(expected), len(given))
    spectrum = np.fft.rfft(given, count) * np.conj(np.fft.rfft(expected, count))
    correlation = np.fft.irfft(spectrum, count)
    best = int(np.argmax(correlation))
    energy = float(np.sqrt((expected**2).sum() * (given**2).sum()))
    later = best if best <= count // 2 else best - count
    return later / rate, float(correlation[best]) / max(energy, 1e-9)
