"""Say what a file is that is no usable video, and what makes it one.

Only the first bytes are looked at, and the end of some. What cannot be told stays untold.

Sources: file formats' own specifications; where there are none, the signatures that
`file` (magic(5)) goes by. Git LFS: its `docs/spec.md`. Common encryption: ISO/IEC 23001-7.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024

# Of text, the share of characters that are no control characters.
PLAIN = re.compile(rb"[\t\n\r\f\x1b\x20-\x7e\x80-\xff]*")

START_CODE = b"\x00\x00\x01"


@dataclass(frozen=True)
class Kind:
    """What a file is, and what to do about it: two sentences."""

    name: str
    remedy: str

    def __str__(self) -> str:
        return f"It is {self.name}. {self.remedy}"


Test = Callable[[bytes], bool]


def _begins(*signatures: bytes, at: int = 0) -> Test:
    return lambda head: head.startswith(signatures, at)


def _matches(pattern: bytes) -> Test:
    compiled = re.compile(pattern, re.DOTALL | re.IGNORECASE)
    return lambda head: compiled.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def _is_movie(*brands: bytes) -> Test:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


PICTURE = "A picture holds no motion: give the video that it was taken from."
PICTURES = "Make a video of the pictures: ffmpeg -framerate 10 -i frame%04d.jpg video.mp4"
SOUND = "Nothing can be seen in it: give the video that belongs to it."
DOCUMENT = "Give the video itself."
PLAYLIST = "Fetch what it names into one file: ffmpeg -i {} -c copy video.mp4"
UNPACK = "Unpack it, and give the video in it: {}"
REMUX = "Put it into another container: ffmpeg -i FILE -c copy video.mkv"
ENCODE = "Encode it anew: ffmpeg -i FILE -c:v libx264 video.mp4"
ENCRYPTED = "Decrypt it with its key first: {}"
PAGE = (
    "The address that it was downloaded from leads to a page, perhaps one that asks for a "
    "login: download the file itself, with curl -fLO ADDRESS for instance."
)
ZEROS = "Space was reserved for it, and its content never arrived: copy or download it once more."
RECORDER = "Export it as MP4 or AVI with the player or the web page of the recorder."

# The first that fits counts.
_KINDS: tuple[tuple[Test, Kind], ...] = (
    # pointers, which stand in place of the content
    (
        _begins(b"version https://git-lfs.github.com/spec/", b"version https://hawser."),
        Kind("a pointer of Git LFS, in place of the content", "Fetch that: git lfs pull"),
    ),
    (
        _matches(rb"(\.\./)*(\.git)?/?annex/objects/"),
        Kind("a pointer of git-annex, in place of the content", "Fetch that: git annex get FILE"),
    ),
    (
        _matches(rb"(md5: |outs:\s*\n- (md5|hash|path|etag): )"),
        Kind("a pointer of DVC, in place of the content", "Fetch that: dvc pull"),
    ),
    (
        _matches(rb"d\d+:(announce|created by|comment|creation date|info)"),
        Kind(
            "a torrent, which only names the content", "Download that with a client for torrents."
        ),
    ),
    (
        _begins(b"L\x00\x00\x00\x01\x14\x02\x00", b"bplist00"),
        Kind("a shortcut", "Give the file that it leads to."),
    ),
    (
        _matches(rb"\[(InternetShortcut|Desktop Entry)\]"),
        Kind("a shortcut", "Give the file that it leads to."),
    ),
    # lists of other files
    (
        _matches(rb"#EXTM3U"),
        Kind("a playlist (M3U), which only names other files", PLAYLIST.format("FILE")),
    ),
    (
        _matches(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<MPD[\s>]"),
        Kind("a list of pieces (DASH), which only names other files", PLAYLIST.format("FILE")),
    ),
    (
        _matches(rb"(<\?xml[^>]*>\s*)?<(smil|asx|playlist|SmoothStreamingMedia)[\s>]"),
        Kind("a playlist, which only names other files", PLAYLIST.format("ADDRESS")),
    ),
    (
        _matches(rb"\[(playlist|reference)\]"),
        Kind("a playlist, which only names other files", PLAYLIST.format("ADDRESS")),
    ),
    (
        _matches(rb"ffconcat version"),
        Kind(
            "a list of files (ffconcat)",
            "Join them into one: ffmpeg -f concat -i FILE -c copy video.mp4",
        ),
    ),
    (
        _matches(rb"v=0\r?\no=.*\nm=(video|audio) "),
        Kind(
            "a description of a live stream (SDP)",
            "Record that first: ffmpeg -protocol_whitelist file,udp,rtp -i FILE -t 3600 "
            "-c copy video.mkv",
        ),
    ),
    (
        _matches(rb"(rtsp|rtmp|https?)://\S+\s*\Z"),
        Kind("an address in a text file", "Record or download what is there: see `ffmpeg -i`."),
    ),
    # text
    (
        _matches(rb"(<!doctype html|<html|<head|<body|<script)"),
        Kind("a web page (HTML), not the video", PAGE),
    ),
    (
        _matches(rb"(<\?xml[^>]*>\s*)?<Error>"),
        Kind("the refusal of an object store (XML), not the video", PAGE),
    ),
    (
        _matches(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!doctype svg[^>]*>\s*)*<svg"),
        Kind("a drawing (SVG)", PICTURE),
    ),
    (_matches(rb"(<\?xml|<[a-z]+[ >])"), Kind("an XML file", DOCUMENT)),
    (
        _matches(rb"-----BEGIN PGP MESSAGE"),
        Kind("encrypted (PGP)", ENCRYPTED.format("gpg -d FILE > video.mp4")),
    ),
    (_matches(rb"(WEBVTT|1\r?\n\d\d:\d\d:\d\d[,.]\d{3} -->)"), Kind("subtitles", DOCUMENT)),
    (_matches(rb"%!PS"), Kind("a PostScript document", DOCUMENT)),
    (_matches(rb"\{\\rtf"), Kind("a document (RTF)", DOCUMENT)),
    # encrypted
    (
        _begins(b"Salted__"),
        Kind(
            "encrypted (OpenSSL)",
            ENCRYPTED.format("openssl enc -d -aes-256-cbc -pbkdf2 -in FILE -out video.mp4"),
        ),
    ),
    (
        _begins(b"age-encryption.org/"),
        Kind("encrypted (age)", ENCRYPTED.format("age -d -i KEY FILE > video.mp4")),
    ),
    (
        _begins(b"LUKS\xba\xbe"),
        Kind("an encrypted disk (LUKS)", ENCRYPTED.format("cryptsetup open")),
    ),
    # pictures
    (_begins(b"\xff\xd8\xff"), Kind("a picture (JPEG)", f"{PICTURE} {PICTURES}")),
    (_begins(b"\x89PNG\r\n\x1a\n"), Kind("a picture (PNG)", f"{PICTURE} {PICTURES}")),
    (_begins(b"GIF87a", b"GIF89a"), Kind("a single picture (GIF)", PICTURE)),
    (
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP" and b"ANIM" in head[:64],
        Kind(
            "moving pictures in WebP, which no decoder here knows",
            "Make a GIF of it first: magick FILE video.gif",
        ),
    ),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", Kind("a picture (WebP)", PICTURE)),
    (
        _is_movie(b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"),
        Kind(
            "a picture (HEIC)",
            "Of a live photo, give the film that lies beside it (MOV).",
        ),
    ),
    (_is_movie(b"avif", b"avis"), Kind("a picture (AVIF)", PICTURE)),
    (_is_movie(b"crx "), Kind("a picture (Canon raw)", PICTURE)),
    (
        _begins(b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
        Kind("a picture (TIFF or raw)", PICTURE),
    ),
    (
        _begins(b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        Kind("a picture (JPEG 2000)", PICTURE),
    ),
    (
        _begins(b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\xff\x0a"),
        Kind("a picture (JPEG XL)", PICTURE),
    ),
    (
        lambda head: head[:2] == b"BM" and head[6:10] == bytes(4),
        Kind("a picture (BMP)", PICTURE),
    ),
    (_begins(b"8BPS"), Kind("a picture (Photoshop)", PICTURE)),
    (_begins(b"\x00\x00\x01\x00", b"\x00\x00\x02\x00"), Kind("an icon", PICTURE)),
    (_begins(b"DDS ", b"v/1\x01", b"#?RADIANCE"), Kind("a picture", PICTURE)),
    (
        lambda head: re.match(rb"P[1-7]\s+(#[^\n]*\n)?\d", head) is not None,
        Kind("a picture (PNM)", PICTURE),
    ),
    # sound
    (
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE",
        Kind("sound (WAV)", SOUND),
    ),
    (_begins(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), Kind("sound (MP3)", SOUND)),
    (_begins(b"fLaC"), Kind("sound (FLAC)", SOUND)),
    (_begins(b"\xff\xf1", b"\xff\xf9"), Kind("sound (AAC)", SOUND)),
    (_begins(b"#!AMR"), Kind("sound (AMR)", SOUND)),
    (_begins(b"MThd"), Kind("notes (MIDI)", SOUND)),
    (_begins(b".snd", b"caff"), Kind("sound", SOUND)),
    (
        lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"),
        Kind("sound (AIFF)", SOUND),
    ),
    (_is_movie(b"M4A ", b"M4B "), Kind("sound (M4A)", SOUND)),
    # archives and documents
    (
        _begins(b"PK\x03\x04", b"PK\x05\x06"),
        Kind("an archive (ZIP) or a document", UNPACK.format("unzip FILE")),
    ),
    (
        _begins(b"\x1f\x8b"),
        Kind("compressed (gzip)", UNPACK.format("gunzip FILE, or tar xzf FILE")),
    ),
    (_begins(b"BZh"), Kind("compressed (bzip2)", UNPACK.format("bunzip2 FILE, or tar xjf FILE"))),
    (
        _begins(b"\xfd7zXZ\x00"),
        Kind("compressed (xz)", UNPACK.format("unxz FILE, or tar xJf FILE")),
    ),
    (_begins(b"\x28\xb5\x2f\xfd"), Kind("compressed (Zstandard)", UNPACK.format("unzstd FILE"))),
    (_begins(b"\x04\x22\x4d\x18"), Kind("compressed (LZ4)", UNPACK.format("unlz4 FILE"))),
    (_begins(b"7z\xbc\xaf\x27\x1c"), Kind("an archive (7z)", UNPACK.format("7z x FILE"))),
    (_begins(b"Rar!\x1a\x07"), Kind("an archive (RAR)", UNPACK.format("unrar x FILE"))),
    (_begins(b"ustar", at=257), Kind("an archive (tar)", UNPACK.format("tar xf FILE"))),
    (_begins(b"CD001", at=32769), Kind("the image of a disc (ISO)", UNPACK.format("7z x FILE"))),
    (_begins(b"%PDF"), Kind("a document (PDF)", DOCUMENT)),
    (_begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Kind("a document (Office)", DOCUMENT)),
    (_begins(b"SQLite format 3\x00"), Kind("a database (SQLite)", DOCUMENT)),
    (_begins(b"PAR1"), Kind("a table (Parquet)", DOCUMENT)),
    (
        _begins(b"\x93NUMPY", b"\x80\x04\x95", b"\x89HDF\r\n"),
        Kind("numbers of a program", DOCUMENT),
    ),
    (
        lambda head: head[:2] == b"MZ" and b"PE\0\0" in head,
        Kind("a program for Windows", f"Some recorders put the video into it. {RECORDER}"),
    ),
    (_begins(b"\x7fELF", b"\xcf\xfa\xed\xfe", b"#!"), Kind("a program", DOCUMENT)),
    # videos in containers that are not taken
    (_begins(b"YUV4MPEG2"), Kind("a raw video (Y4M)", ENCODE)),
    (_begins(b".RMF"), Kind("a RealMedia video", ENCODE)),
    (
        _begins(b"FWS", b"CWS", b"ZWS"),
        Kind("a Flash animation", "Record the screen that shows it."),
    ),
    (_begins(b"\xb7\xd8\x00\x20\x37\x49\xda\x11"), Kind("a recording of Windows (WTV)", REMUX)),
    (_begins(b"nut/multimedia container"), Kind("a video in NUT", REMUX)),
    (_begins(b"BIK", b"KB2", b"SMK2", b"SMK4"), Kind("a video of a game", ENCODE)),
    (_begins(b"NSV", b"DLX", b"AMVP"), Kind("a video in an old container", ENCODE)),
    (
        _begins(b"HXVS", b"HXVF", b"HXVT"),
        Kind(
            "a recording of a camera (HXVS)",
            "Take the stream out of it: ffmpeg -f h264 -i FILE -c copy video.mkv, or: "
            f"{RECORDER[0].lower()}{RECORDER[1:]}",
        ),
    ),
    (
        _begins(b"DHAV", b"DAHUA"),
        Kind("a recording of Dahua that is cut off or encrypted", RECORDER),
    ),
    (
        _begins(b"HKMI", b"IMKH", b"HKVS", b"SEC ", b"DVR", b"IFV"),
        Kind("a recording of a video recorder", RECORDER),
    ),
    (_begins(b"\x00\x00\x01\xb0", b"\x00\x00\x01\xb5"), Kind("a raw stream (MPEG-4)", f"{REMUX}")),
    (_begins(b"\x00\x00\x01\xb3"), Kind("a raw stream (MPEG-1 or MPEG-2)", f"{REMUX}")),
    (_begins(b"\x12\x00\x0a"), Kind("a raw stream (AV1)", f"{REMUX}")),
    (_begins(b"\x1f\x07\x00", b"\xff\x07\x00"), Kind("a raw stream (DV)", f"{REMUX}")),
)
_TEXT = Kind("text, not a video", DOCUMENT)

DAMAGED_BEGINNINGS: tuple[tuple[Test, str], ...] = (
    (
        _begins(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", at=4),
        "an MP4 or QuickTime file",
    ),
    (_begins(b"\x1aE\xdf\xa3"), "a Matroska or WebM file"),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", "an AVI file"),
    (_begins(b"FLV"), "an FLV file"),
    (_begins(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "a WMV or ASF file"),
    (_begins(b"OggS"), "an Ogg file"),
    (_begins(b"\x06\x0e\x2b\x34"), "an MXF file"),
    (_begins(b"\x00\x00\x01\xba"), "an MPEG program stream"),
    (lambda head: head[:1] == b"G" and head[188:189] in (b"G", b""), "a transport stream"),
)
REPAIR = (
    "but not even its beginning is whole. Copy or download it once more; or save what can be "
    "read: ffmpeg -err_detect ignore_err -i FILE -c copy video.mkv"
)


def describe(head: bytes) -> str | None:
    """Describe what begins with these bytes and is no usable video; None where nobody knows.

    Parameters
    ----------
    head : bytes
        First `HEAD_BYTES` of it, or all.

    Examples
    --------
    >>> describe(b"")
    'It is empty: 0 bytes. Copy, download or record it once more.'
    >>> print(describe(b"version https://git-lfs.github.com/spec/v1"))
    It is a pointer of Git LFS, in place of the content. Fetch that: git lfs pull
    """
    return next(_descriptions(head), None)


def _descriptions(head: bytes) -> Iterator[str]:
    if not head:
        yield "It is empty: 0 bytes. Copy, download or record it once more."
    elif not head.strip(b"\0"):
        yield f"It holds zeros only. {ZEROS}"
    for is_it, kind in _KINDS:
        if is_it(head):
            yield str(kind)
    for is_it, name in DAMAGED_BEGINNINGS:
        if is_it(head):
            yield f"It begins like {name}, {REPAIR}"
    if _is_text(head):
        yield str(_TEXT)


NO_KIND = (
    "It is nothing that is known as a video here. If another program plays it, encode it anew "
    "with that, or with ffmpeg -i FILE -c:v libx264 video.mp4"
)
SOUND_ONLY = f"It holds sound and no pictures. {SOUND}"
COVER_ONLY = f"It holds sound and a cover picture. {SOUND}"
ENCRYPTED_VIDEO = "Its pictures are encrypted (DRM). " + ENCRYPTED.format(
    "ffmpeg -decryption_key KEY -i FILE -c copy video.mp4"
)
NO_PICTURES = "There are no pictures in it. Give the file that holds them."
NO_DECODER = (
    "Its pictures are coded in a way that no decoder here knows. Encode it anew with a program "
    "that plays it, as H.264 in MP4 for instance."
)
INDEX_LOST = (
    "Its index (moov) is missing: it was cut off before its end. Copy it from the camera once "
    "more; or rebuild it with a whole recording of the same camera: untrunc WHOLE.mp4 FILE.mp4"
)


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        head[: len(head) - 3 if len(head) == HEAD_BYTES else None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return PLAIN.fullmatch(head) is not None


def holds_start_code(head: bytes) -> bool:
    """Whether a raw stream may begin so: with a unit of H.264 or HEVC, and not with text."""
    return START_CODE in head and not _is_text(head)
