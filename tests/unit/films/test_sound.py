from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from tests.harness.sound import add_sound, heard, lag_s, noise, on_the_clock

from passerby.films.film import FULL, write_film
from passerby.films.preview import PREVIEW
from passerby.films.sound import _drop_disordered
from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import DecodedFrame, Image, decode

SECONDS = 2
FRAME_S = 1 / 25
ADTS_HEADER = 7  # bytes before each packet of AAC in a transport stream

# Of AAC and MP2, where the container does not tell how long it is.
CODEC_DELAY_S = 0.022


def as_it_is(_: DecodedFrame, image: Image) -> Image:
    return image


def clip(folder: Path, *, start_ms: int = 0, seconds: float = SECONDS, suffix: str = "mkv") -> Path:
    pictures = moving_boxes(round(25 * seconds), (96, 64))
    return write_clip(folder / f"silent.{suffix}", pictures, start_ms=start_ms)


def contents(path: Path) -> list[bytes]:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def sound_of(path: Path) -> tuple[str, float]:
    """Codec of a film's sound, and when its first packet begins, seconds."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        start = (stream.start_time or 0) * stream.time_base
        return stream.codec_context.codec.canonical_name, float(start)


@pytest.mark.parametrize(
    ("name", "encoder", "codec"),
    [
        pytest.param("film.mp4", "aac", "aac", id="AAC from MP4"),
        pytest.param("film.mkv", "aac", "aac", id="AAC from Matroska"),
        pytest.param("film.ts", "aac", "aac", id="AAC from a broadcast"),
        pytest.param("film.mkv", "libmp3lame", "mp3", id="MP3"),
        pytest.param("film.mkv", "libopus", "opus", id="Opus"),
        pytest.param("film.mkv", "flac", "flac", id="FLAC"),
        pytest.param("film.mov", "alac", "alac", id="ALAC"),
    ],
)
def test_packets_are_copied(tmp_path: Path, name: str, encoder: str, codec: str) -> None:
    source = add_sound(clip(tmp_path), tmp_path / name, noise(SECONDS), encoder)

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    header = ADTS_HEADER if name.endswith("ts") else 0
    assert sound_of(tmp_path / "out.mp4")[0] == codec
    assert contents(tmp_path / "out.mp4") == [content[header:] for content in contents(source)]


@pytest.mark.parametrize("start_ms", [0, 1000], ids=["at 0", "at 1 s"])
@pytest.mark.parametrize("sound_s", ["0", "0.3", "1.4"])
@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        pytest.param("film.mkv", "aac", id="copied"),
        pytest.param("film.mkv", "ac3", id="made anew"),
        pytest.param("film.ts", "aac", id="copied from a broadcast"),
        pytest.param("film.ts", "mp2", id="made anew from a broadcast"),
    ],
)
def test_in_step_wherever_either_starts(
    tmp_path: Path, name: str, encoder: str, start_ms: int, sound_s: str
) -> None:
    samples, start_s = noise(1), Fraction(sound_s)
    silent = clip(tmp_path, start_ms=start_ms)
    source = add_sound(silent, tmp_path / name, samples, encoder, start_s=start_s)

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    moved_s = Fraction(times(tmp_path / "out.mp4")[0] - start_ms, 1000)
    expected = on_the_clock(samples, start_s + moved_s, 4)
    later_s, likeness = lag_s(expected, heard(tmp_path / "out.mp4", 4))
    assert likeness > 0.5
    assert abs(later_s) < CODEC_DELAY_S + 0.002 < FRAME_S
    assert times(tmp_path / "out.mp4") == times(source)


def times(path: Path) -> list[int]:
    return [frame.timestamp_ms for frame in decode(str(path))]


def test_in_step_where_a_clock_starts_again(tmp_path: Path) -> None:
    """The sound of the first broadcast ends 0.7 s before its pictures."""
    samples, parts = noise(SECONDS), []
    for start_ms, seconds in ((30_000, 1.3), (0, SECONDS)):
        part = tmp_path / f"{start_ms}.ts"
        silent = clip(tmp_path, start_ms=start_ms)
        start_s = Fraction(start_ms, 1000)
        add_sound(silent, part, samples[: round(48_000 * seconds)], "mp2", start_s=start_s)
        parts.append(part.read_bytes())
    (tmp_path / "both.ts").write_bytes(b"".join(parts))

    write_film(str(tmp_path / "both.ts"), tmp_path / "out.mp4", as_it_is)

    given = heard(tmp_path / "out.mp4", 5)
    second = times(tmp_path / "out.mp4")[25 * SECONDS]
    expected = on_the_clock(samples, Fraction(second, 1000), 5)
    later_s, likeness = lag_s(expected[48 * second :], given[48 * second :])
    assert likeness > 0.9
    assert abs(later_s) < CODEC_DELAY_S + 0.002


@pytest.mark.parametrize(
    ("name", "encoder", "rate", "layout"),
    [
        pytest.param("film.mkv", "pcm_s16le", 48_000, "stereo", id="PCM"),
        pytest.param("film.mkv", "pcm_s16le", 44_100, "mono", id="another rate"),
        pytest.param("film.mkv", "pcm_s16le", 10_000, "mono", id="a rate that AAC has not"),
        pytest.param("film.mkv", "libmp3lame", 8000, "mono", id="MP3 of a rate that MP4 has not"),
        pytest.param("film.mkv", "ac3", 48_000, "5.1", id="six channels"),
    ],
)
@pytest.mark.parametrize("encoding", [FULL, PREVIEW], ids=["film", "preview"])
def test_encoded_again_as_aac(
    tmp_path: Path, name: str, encoder: str, rate: int, layout: str, encoding: object
) -> None:
    samples = noise(SECONDS, rate)
    source = add_sound(clip(tmp_path), tmp_path / name, samples, encoder, rate=rate, layout=layout)

    write_film(str(source), tmp_path / "out.mp4", as_it_is, encoding)  # type: ignore[arg-type]

    later_s, likeness = lag_s(
        on_the_clock(samples, Fraction(0), 3, rate), heard(tmp_path / "out.mp4", 3, rate), rate
    )
    assert sound_of(tmp_path / "out.mp4")[0] == "aac"
    assert likeness > 0.9
    assert abs(later_s) < FRAME_S


def test_silence_where_sound_is_missing(tmp_path: Path) -> None:
    samples = noise(SECONDS)
    source = add_sound(
        clip(tmp_path),
        tmp_path / "film.mkv",
        samples,
        "pcm_s16le",
        damage=lambda number, content: None if 20 <= number < 50 else content,
    )

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    given = heard(tmp_path / "out.mp4", SECONDS)
    gap = slice(22 * 1024, 48 * 1024)
    rest = slice(52 * 1024, 90 * 1024)
    assert np.abs(given[gap]).max() < 0.02
    later_s, likeness = lag_s(samples[rest], given[rest])
    assert likeness > 0.9
    assert abs(later_s) < 0.001


@pytest.mark.parametrize(
    ("name", "encoder"),
    [
        pytest.param("film.mkv", "aac", id="copied"),
        pytest.param("film.ts", "aac", id="copied from a broadcast"),
        pytest.param("film.mkv", "ac3", id="made anew"),
        pytest.param("film.ts", "mp2", id="made anew from a broadcast"),
    ],
)
@pytest.mark.parametrize("damaged", [range(10, 20), range(1000)], ids=["some", "all"])
def test_damaged_sound_costs_itself_only(
    tmp_path: Path, name: str, encoder: str, damaged: Sequence[int]
) -> None:
    rubbish = np.random.default_rng(8)
    samples = noise(SECONDS)

    def damage(number: int, content: bytes) -> bytes:
        return rubbish.bytes(len(content)) if number in damaged else content

    whole = add_sound(clip(tmp_path), tmp_path / f"whole_{name}", samples, encoder)
    source = add_sound(clip(tmp_path), tmp_path / name, samples, encoder, damage=damage)
    write_film(str(whole), tmp_path / "whole.mp4", as_it_is)

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    films = (decode(str(tmp_path / film)) for film in ("out.mp4", "whole.mp4"))
    for given, expected in zip(*films, strict=True):
        assert given.timestamp_ms == expected.timestamp_ms
        np.testing.assert_array_equal(given.image(), expected.image())
    if len(damaged) < 100:
        rest = slice(48_000, 90_000)
        given_rest = heard(tmp_path / "out.mp4", SECONDS)[rest]
        later_s, likeness = lag_s(samples[rest], given_rest)
        assert likeness > 0.5
        assert abs(later_s) < CODEC_DELAY_S + 0.002


def test_no_sound(tmp_path: Path) -> None:
    write_film(str(clip(tmp_path)), tmp_path / "out.mp4", as_it_is)

    with av.open(tmp_path / "out.mp4") as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_sound_that_never_ends_is_cut(tmp_path: Path) -> None:
    """What is ten seconds behind the last picture is not of this film."""
    source = add_sound(
        clip(tmp_path, seconds=1), tmp_path / "film.mkv", noise(20, 8000), "pcm_s16le", rate=8000
    )

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    with av.open(tmp_path / "out.mp4") as container:
        stream = container.streams.audio[0]
        assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(11, abs=0.3)


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param([5], [5], id="one"),
        pytest.param([1, 2, 3], [1, 2, 3], id="in order"),
        pytest.param([1, 2, 900, 3, 4], [1, 2, 3, 4], id="one far ahead"),
        pytest.param([10, 11, 2, 12], [10, 12], id="one far behind"),
        pytest.param([1, 2, 2, 3], [1, 2, 3], id="one twice"),
    ],
)
def test_packets_with_damaged_times(times: list[int], kept: list[int]) -> None:
    def packets() -> "Iterator[Packet]":  # type: ignore[type-arg]
        for time in times:
            packet = Packet(b"sound")
            packet.dts = time
            yield packet

    assert [packet.dts for packet in _drop_disordered(packets())] == kept
