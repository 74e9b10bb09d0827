"""Files that are not what they say, lead elsewhere, or are far larger inside."""

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from passerby.errors import DamagedVideo, UnsupportedVideo, VideoError
from passerby.testing import moving_boxes, write_clip, write_sound

from .sample import Expected, Refused, Sample, Shows, Size

FRAMES = 10

# {secret}: path of a good video beside the file, which nobody may open.
SCRIPTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls-url": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "hls-key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{secret}"\n#EXTINF:1,\n{secret}\n',
    "hls-map": '#EXTM3U\n#EXT-X-MAP:URI="{secret}"\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n',
    "hls-concat": "#EXTM3U\n#EXTINF:1,\nconcat:{secret}|{secret}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{secret}'\n",
    "ffconcat-options": "ffconcat version 1.0\nfile '{secret}'\noption safe 0\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash": '<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet><Representation>'
    "<BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "smil": '<smil><body><video src="{secret}"/></body></smil>',
    "asx": '<asx version="3.0"><entry><ref href="{secret}"/></entry></asx>',
    "avisynth": 'AviSource("{secret}")\n',
    "text": "not a video\n",
    "ffmetadata": ";FFMETADATA1\ntitle=x\n",
    "subtitles": "WEBVTT\n\n00:00.000 --> 00:01.000\nnobody\n",
    "redirect": "[Reference]\nRef1=http://127.0.0.1:9/x.asf\n",
}
ENDINGS = ("mp4", "m3u8", "ffconcat", "sdp", "txt")
WRONG = {"mp4": "avi", "avi": "mp4", "mkv": "ts", "ts": "mkv", "flv": "txt", "webm": ""}
HEADS = {
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
    "mkv": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04",
    "avi": b"RIFF\xff\xff\xff\xffAVI LIST",
    "ts": b"G@\x00\x10" * 47,
    "flv": b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00",
    "ogg": b"OggS\x00\x02",
}
# Size of the picture → error; None: it is large, and shown.
BOMBS: dict[Size, type[VideoError] | None] = {
    (65_500, 8): None,
    (8_192, 8_192): None,
    (12_000, 12_000): UnsupportedVideo,
    (20_000, 20_000): DamagedVideo,  # FFmpeg itself takes it for damage
}
TAILS = {"nothing": b"", "zeros": bytes(10_000), "ones": b"\xff" * 10_000}


def samples() -> Iterator[Sample]:
    """Files that are refused, or shown for what they are."""
    for name, text in SCRIPTS.items():
        for ending in ENDINGS:
            yield Sample(f"script-{name}.{ending}", partial(_script, text))
    for true, claimed in WRONG.items():
        name = f"truly-{true}.{claimed}".rstrip(".")
        yield Sample(name, partial(_renamed, true))
    for kind, head in HEADS.items():
        for tail, content in TAILS.items():
            yield Sample(f"head-and-{tail}.{kind}", partial(_bytes, head + content))
    yield Sample("empty.mp4", partial(_bytes, b""))
    yield Sample("one-byte.mp4", partial(_bytes, b"\x00"))
    for seed in range(4):
        noise = np.random.default_rng(seed).bytes(100_000)
        yield Sample(f"noise-{seed}.mp4", partial(_bytes, noise))
    yield Sample("sound-only.mp4", _sound)
    for ending in ("mkv", "mp4", "flv"):
        yield Sample(f"no-utf-8.{ending}", _no_utf_8)
    yield Sample("two-in-one.ts", _two_in_one)
    for (width, height), error in BOMBS.items():
        yield Sample(f"bomb-{width}x{height}.avi", partial(_bomb, width, height, error))
    yield Sample("bomb-samples.mp4", _sample_bomb)


def _script(text: str, path: Path) -> Expected:
    secret = write_clip(path.with_name("secret.mp4"), moving_boxes(FRAMES))
    path.write_text(text.format(secret=secret))
    return Refused()


def _renamed(ending: str, path: Path) -> Expected:
    codec = "libvpx-vp9" if ending == "webm" else "libx264"
    write_clip(path.with_name(f"true.{ending}"), moving_boxes(FRAMES), codec=codec).rename(path)
    return Shows(FRAMES, (160, 120))


def _bytes(content: bytes, path: Path) -> Expected:
    path.write_bytes(content)
    return Refused()


def _sound(path: Path) -> Expected:
    write_sound(path)
    return Refused()


def _no_utf_8(path: Path) -> Expected:
    """The name of the program that wrote it is no text."""
    write_clip(path, moving_boxes(FRAMES))
    content = path.read_bytes()
    assert b"Lavf" in content
    path.write_bytes(content.replace(b"Lavf", b"\xff\xfe\xfd\xfc"))
    return Shows(FRAMES, (160, 120))


def _two_in_one(path: Path) -> Expected:
    """A good clip with a list of another file behind it."""
    write_clip(path, moving_boxes(FRAMES))
    secret = write_clip(path.with_name("secret.mp4"), moving_boxes(FRAMES))
    with path.open("ab") as file:
        file.write(SCRIPTS["hls"].format(secret=secret).encode())
    return Shows(FRAMES, (160, 120))


def _bomb(width: int, height: int, error: type[VideoError] | None, path: Path) -> Expected:
    """A small file whose one picture, a black PNG, unpacks to hundreds of megabytes."""
    write_clip(path, moving_boxes(1, (64, 48)), codec="png", pixel_format="gray")
    content = path.read_bytes()
    packer = zlib.compressobj(1)
    row = bytes(1 + width)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)
    first, last = content.index(b"\x89PNG"), content.index(b"IEND") + 8
    sized = content[: first - 4].replace(
        struct.pack("<II", 64, 48), struct.pack("<II", width, height)
    )
    path.write_bytes(sized + struct.pack("<I", len(picture)) + picture + content[last:])
    return Refused(error) if error else Shows(1, (width, height))


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Lay out a chunk of a PNG: length, kind, content, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _sample_bomb(path: Path) -> Expected:
    """An index that says of each run of samples that it is as long as can be written."""
    write_clip(path, moving_boxes(FRAMES))
    content = bytearray(path.read_bytes())
    table = content.index(b"stts") + 8
    content[table + 4 : table + 8] = struct.pack(">I", 2**31 - 1)
    path.write_bytes(content)
    return Shows(FRAMES)
