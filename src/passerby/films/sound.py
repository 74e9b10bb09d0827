"""The sound of a video, copied or encoded again into a film.

As it is, packet by packet, where MP4 holds its codec and players know it there; otherwise
as AAC. Times are those of the video's clock, so it stays in step with the picture
wherever either of them starts. What is damaged is left out, and nothing else moves: where
sound is made anew, silence takes its place.
"""

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, pairwise
from typing import TypeAlias, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from passerby.films.broadcast import Broadcast
from passerby.video.clock import move
from passerby.video.container import MICROSECONDS, OpenVideo, open_video

Packets: TypeAlias = "Iterator[Packet[AudioStream]]"  # generic to mypy only
Block: TypeAlias = "tuple[int | None, NDArray[np.float32]]"  # first sample, (channels, n)

# FFmpeg's names of codecs that are copied into MP4: browsers and players know them there.
# AC-3, Vorbis and others fit in as well, but most browsers stay silent.
COPIED_CODECS = frozenset({"aac", "mp3", "opus", "flac", "alac"})

# Rates of AAC: ISO/IEC 14496-3, table 1.18; all others become the usual one.
AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
USUAL_RATE = 48_000
BIT_RATE = 128_000  # what FFmpeg's manual recommends for stereo

# Sound made anew runs on while its times deviate by no more than this from the packets',
# seconds: containers round times to a millisecond, a packet holds 20.
TOLERANCE_S = Fraction(1, 100)

# How long sound may run on behind the last picture, seconds: containers end their streams
# at different packets. What claims to be later has a damaged time.
MAX_REST_S = 10


class Sound:
    """The sound on its way into a film, written as far as the pictures are."""

    def __init__(self, output: OutputContainer, packets: Packets) -> None:
        self._output = output
        self._read_packets = packets
        self._next = next(packets, None)

    def write_until(self, seconds: Fraction) -> None:
        """Write what begins up to a time of the video's clock."""
        while self._next is not None and _begins(self._next) <= seconds:
            self._write(self._next)
            self._next = next(self._read_packets, None)

    def write_rest(self, end_seconds: Fraction) -> None:
        """Write what is left of the sound, when the pictures are at their end."""
        self.write_until(end_seconds + MAX_REST_S)

    def _write(self, packet: "Packet[AudioStream]") -> None:
        try:
            self._output.mux(packet)
        except (av.error.InvalidDataError, av.error.ArgumentError):
            return  # a damaged packet that cannot be put into MP4


def add_sound(output: OutputContainer, source: str, copied: frozenset[str]) -> Sound:
    """Add a stream for the sound of a source to a film, if it has any.

    Parameters
    ----------
    output : OutputContainer
        MP4 of which nothing has been written.
    source : str
        Path or http(s) URL of the video.
    copied : frozenset of str
        FFmpeg's names of codecs to be copied.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`; the latter also while it is written.
    """
    with open_video(source) as video:
        audio = _audio_stream(video)
        if audio is None:
            return Sound(output, iter(()))
        if audio.codec_context.codec.canonical_name in copied and _fits(audio):
            stream = output.add_stream_from_template(audio)
            return Sound(output, _copy_packets(source, stream))
        return Sound(output, _encode_aac(source, _add_aac(output, audio)))


def _begins(packet: "Packet[AudioStream]") -> Fraction:
    """Return when a packet begins, in seconds on the video's clock."""
    return (packet.dts or 0) * packet.time_base


def _audio_stream(video: OpenVideo) -> AudioStream | None:
    """Find the stream that a player would choose; None where it could play none."""
    best = video.container.streams.best("audio", related=video.stream)
    return best if isinstance(best, AudioStream) and best.codec_context else None


def _fits(audio: AudioStream) -> bool:
    """Check whether MP4 takes a stream as it is; it does not take low rates of MP3, say."""
    try:
        with av.open(io.BytesIO(), "w", "mp4") as trial:
            trial.add_stream_from_template(audio)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def _add_aac(output: OutputContainer, audio: AudioStream) -> AudioStream:
    rate = audio.rate if audio.rate in AAC_RATES else USUAL_RATE
    stream = output.add_stream("aac", rate)
    stream.bit_rate = BIT_RATE
    stream.layout = "mono" if audio.channels == 1 else "stereo"
    stream.codec_context.time_base = Fraction(1, rate)
    return stream


def _copy_packets(source: str, stream: AudioStream) -> Packets:
    for packet in _drop_disordered(_read_packets(source)):
        packet.stream = stream
        yield packet


def _read_packets(source: str) -> Packets:
    """Yield packets on the video's clock, as far as the source can be read."""
    with open_video(source) as video:
        audio = _audio_stream(video)
        if audio is None:
            return
        time_base = audio.time_base or Fraction(1, MICROSECONDS)
        zero = round(video.zero_pts * video.time_base / time_base)
        try:
            for packet in _packets_with_times(video, audio, time_base):
                packet.pts = packet.dts if packet.pts is None else packet.pts
                move(packet, -zero)
                yield packet
        except av.error.InvalidDataError:
            return  # a file cut short


def _packets_with_times(video: OpenVideo, audio: AudioStream, time_base: Fraction) -> Packets:
    """Yield the packets of the sound that have a time, on a clock that never restarts."""
    if not video.clock_may_restart:
        packets = video.container.demux(audio)
        yield from (packet for packet in packets if packet.size and packet.dts is not None)
        return
    broadcast = Broadcast(video.time_base, time_base)
    for packet in video.container.demux(audio, video.stream):
        if not packet.size or packet.dts is None:
            continue
        if packet.stream_index == audio.index:
            yield from broadcast.correct(cast("Packet[AudioStream]", packet))
        else:
            yield from broadcast.follow(cast("Packet[VideoStream]", packet))
    yield from broadcast.rest()


def _drop_disordered(packets: Packets) -> Packets:
    """Leave out packets that are later than the next one, or earlier than the last."""
    last: int | None = None
    for packet, following in pairwise(chain(packets, [None])):
        if packet is None or packet.dts is None:
            continue
        is_ahead = following is not None and (following.dts or 0) < packet.dts
        if not is_ahead and (last is None or packet.dts > last):
            last = packet.dts
            yield packet


def _encode_aac(source: str, stream: AudioStream) -> Packets:
    for start, samples in _fill_gaps(_blocks(source, stream), stream.rate):
        frame = AudioFrame.from_ndarray(samples, "fltp", stream.layout.name)
        frame.sample_rate, frame.time_base = stream.rate, Fraction(1, stream.rate)
        frame.pts = start
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _blocks(source: str, stream: AudioStream) -> Iterator[Block]:
    """Yield decoded sound in the form of the new stream, each block with its first sample."""
    form: tuple[object, ...] | None = None
    resampler = AudioResampler()
    for frame in _decode_frames(source):
        if form != (frame.format.name, frame.layout.name, frame.sample_rate):
            form = (frame.format.name, frame.layout.name, frame.sample_rate)
            resampler = AudioResampler("fltp", stream.layout.name, stream.rate)
        for part in _resample(resampler, frame):
            yield _start(part, stream.rate), np.asarray(part.to_ndarray(), dtype=np.float32)


def _resample(resampler: AudioResampler, frame: AudioFrame) -> list[AudioFrame]:
    try:
        return resampler.resample(frame)
    except (ValueError, av.error.FFmpegError):
        return []  # of a form that damage made up


def _start(frame: AudioFrame, rate: int) -> int | None:
    """Compute the number of a block's first sample on the video's clock, if it is known."""
    if frame.pts is None or frame.time_base is None:
        return None
    return round(frame.pts * frame.time_base * rate)


def _decode_frames(source: str) -> Iterator[AudioFrame]:
    for packet in _drop_disordered(_read_packets(source)):
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def _fill_gaps(blocks: Iterator[Block], rate: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Join blocks without a break: silence fills gaps, and what overlaps is dropped."""
    tolerance = round(TOLERANCE_S * rate)
    position: int | None = None
    for start, samples in blocks:
        if position is None:
            position = max(0, start or 0)
        gap = 0 if start is None else start - position
        for begin in range(position, position + gap, rate) if gap > tolerance else ():
            count = min(rate, position + gap - begin)
            yield begin, np.zeros((len(samples), count), np.float32)
        position += gap if gap > tolerance else 0
        kept = samples[:, -gap:] if gap < -tolerance else samples
        if kept.size:
            yield position, kept
            position += kept.shape[1]
