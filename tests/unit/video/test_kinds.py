"""What somebody gives in place of a video: each is called by its name, with a way out."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import wave
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from passerby.errors import UnsupportedVideo
from passerby.testing import moving_boxes, write_clip, write_sound
from passerby.video.kinds import describe
from passerby.video.probe import probe

LFS = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""
MPD = '<?xml version="1.0"?>\n<MPD type="static"><Period></Period></MPD>'
REFUSED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 9 RTP/AVP 96\r\n"


def picture(path: Path, codec: str, pixel_format: str, container: str) -> None:
    """One picture, by FFmpeg's own encoder."""
    frame = next(iter(moving_boxes(1)))
    with av.open(path, "w", format=container) as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=1))
        stream.height, stream.width = frame.shape[:2]
        stream.pix_fmt = pixel_format
        for shown in (av.VideoFrame.from_ndarray(frame, "bgr24"), None):
            output.mux(stream.encode(shown))


def jpeg(path: Path) -> None:
    picture(path, "mjpeg", "yuvj420p", "image2")


def png(path: Path) -> None:
    picture(path, "png", "rgb24", "image2")


def webp(path: Path) -> None:
    picture(path, "libwebp", "yuv420p", "webp")


def wav(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16_000))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("video.mp4", b"0")


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("video.mp4"), io.BytesIO())


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (x)")


def cut_off(path: Path) -> None:
    whole = write_clip(path.with_suffix(".whole.mp4"), moving_boxes(30)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def unknown_codec(path: Path) -> None:
    whole = write_clip(path.with_suffix(".whole.mp4"), moving_boxes(10)).read_bytes()
    path.write_bytes(whole.replace(b"avc1", b"zzzz"))


def encrypted_video(path: Path) -> None:
    """An MP4 whose pictures are encrypted by the common scheme."""
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
        "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
    }
    write_clip(path, moving_boxes(10), container_options=options)


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def content(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


SENT = {
    "empty": (Path.touch, "empty: 0 bytes"),
    "zeros": (content(bytes(100_000)), "zeros only"),
    "one byte": (content(b"x"), "text"),
    "text": (text("not a video\n"), "text"),
    "UTF-16": (content("Überwachung".encode("utf-16")), "text"),
    "Git LFS": (text(LFS), "git lfs pull"),
    "git-annex": (text("/annex/objects/SHA256E-s1--4d7a.mp4\n"), "git annex get"),
    "DVC": (text("outs:\n- md5: 4d7a\n  path: street.mp4\n"), "dvc pull"),
    "HTML": (text("\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"), "web page (HTML)"),
    "a refusal of S3": (text(REFUSED), "object store"),
    "XML": (text('<?xml version="1.0"?><a/>'), "XML"),
    "JSON": (text('{"message": "Not Found"}'), "text"),
    "HLS": (text("#EXTM3U\n#EXTINF:9,\na.ts\n"), "ffmpeg -i FILE -c copy video.mp4"),
    "DASH": (text(MPD), "(DASH)"),
    "ffconcat": (text("ffconcat version 1.0\nfile a.mp4\n"), "ffmpeg -f concat"),
    "SDP": (text(SDP), "live stream (SDP)"),
    "an address": (text("rtsp://10.0.0.4/cam1\n"), "address"),
    "subtitles": (text("WEBVTT\n\n00:00.000 --> 00:01.000\nnobody\n"), "subtitles"),
    "SVG": (text('<?xml version="1.0"?>\n<svg xmlns="x"/>'), "drawing (SVG)"),
    "PGP": (text("-----BEGIN PGP MESSAGE-----\n\nabc\n"), "gpg -d"),
    "OpenSSL": (content(b"Salted__" + bytes(range(200))), "openssl enc -d"),
    "age": (content(b"age-encryption.org/v1\n-> X25519 a\n" + bytes(range(200))), "age -d"),
    "JPEG": (jpeg, "picture (JPEG)"),
    "PNG": (png, "picture (PNG)"),
    "WebP": (webp, "picture (WebP)"),
    "HEIC": (content(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500)), "picture (HEIC)"),
    "BMP": (content(b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0" + bytes(range(200))), "picture (BMP)"),
    "TIFF": (content(b"II*\0\x08\0\0\0" + bytes(range(200))), "picture (TIFF"),
    "WAV": (wav, "sound (WAV)"),
    "MP3": (content(b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" + bytes(413)), "sound"),
    "sound in MP4": (write_sound, "sound and no pictures"),
    "ZIP": (zipped, "unzip FILE"),
    "tar": (tarred, "tar xf FILE"),
    "gzip": (content(gzip.compress(b"video")), "gunzip"),
    "bzip2": (content(bz2.compress(b"video")), "bunzip2"),
    "xz": (content(lzma.compress(b"video")), "unxz"),
    "7z": (content(b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(range(200))), "7z x FILE"),
    "RAR": (content(b"Rar!\x1a\x07\x01\0" + bytes(range(200))), "unrar x FILE"),
    "PDF": (content(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "document (PDF)"),
    "SQLite": (database, "database"),
    "a program": (content(b"\x7fELF\x02\x01\x01" + bytes(range(200))), "program"),
    "MP4 without its index": (cut_off, "untrunc"),
    "an unknown codec": (unknown_codec, "no decoder"),
    "DRM": (encrypted_video, "-decryption_key"),
    "the head of an MKV": (content(b"\x1aE\xdf\xa3\x9fB\x86\x81\x01" + bytes(9)), "Matroska"),
    "Dahua, encrypted": (content(b"DHAV\xee" + bytes(range(256)) * 4), "Dahua"),
    "noise": (lambda path: path.write_bytes(np.random.default_rng(7).bytes(9_000)), "encode it"),
}


@pytest.mark.parametrize("name", SENT)
def test_it_is_called_by_its_name(name: str, tmp_path: Path) -> None:
    write, told = SENT[name]
    path = tmp_path / "upload.mp4"
    write(path)

    with pytest.raises(UnsupportedVideo) as refusal:
        probe(str(path))

    message = str(refusal.value)
    assert message.startswith("Unsupported codec/format. ")
    assert told in message
    assert str(path) not in message


@pytest.mark.parametrize("kind", ["clip.mp4", "clip.mkv", "clip.avi", "clip.ts", "clip.flv"])
def test_the_beginning_of_a_video_is_told(kind: str, tmp_path: Path) -> None:
    head = write_clip(tmp_path / kind, moving_boxes(3)).read_bytes()[:4000]

    assert "not even its beginning is whole" in str(describe(head))
