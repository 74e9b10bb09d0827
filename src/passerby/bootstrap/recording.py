"""Find the recording that a command names: a file, an address on the web, or one on S3."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from passerby.bootstrap.provenance import identify
from passerby.bootstrap.storage import find_bucket
from passerby.cloud.objects import file_facts
from passerby.cloud.pinned_object import Objects, PinnedObject, readable
from passerby.cloud.web import WebAddresses
from passerby.errors import ObjectNotFound, UnsupportedVideo, VideoError, VideoGone
from passerby.files import scratch_folder
from passerby.http_ranges import is_url
from passerby.pathing.video_source import (
    FileSource,
    IdentifiedSource,
    RatedSource,
    VideoSource,
)
from passerby.settings import S3_SCHEME, Settings
from passerby.video.raw_streams import GivenRate

FILE_SCHEME = "file://"
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
LIVE = {"rtsp", "rtsps", "rtmp", "rtmps", "rtmpe", "rtmpt", "rtp", "srt", "udp", "tcp", "mms"}
LIVE |= {"mmsh", "mmst", "rist", "onvif", "whep", "webrtc", "ws", "wss", "ndi", "unix"}

RECORD = "record a part of it first: ffmpeg -i '{}' -t 3600 -c copy recording.mkv"
SAVE = (
    "a video is read more than once. Write it to a file first: cat > recording.mkv, or "
    "ffmpeg -i {} -c copy recording.mkv"
)
FOR_ALL = 'for each of them: for video in {}/*.mp4; do passerby track "$video" --out ...; done'

STANDARD_INPUT = "-"
# Characters that no name of a file should have.
ODD = re.compile(r"[\x00-\x1f/\\]")


@dataclass(frozen=True)
class OpenRecording:
    """A recording that can be read while `open_recording` lasts."""

    source: VideoSource
    name: str  # as its file is called
    identity: str  # of its content: `provenance.identify`

    @property
    def stem(self) -> str:
        """Name without its ending, for the files made from it."""
        return PurePosixPath(self.name).stem


@contextmanager
def open_recording(
    video: str,
    settings: Settings,
    folder: Path | None = None,
    *,
    fps: Fraction | None = None,
    on_copy: Callable[[], None] = lambda: None,
) -> Iterator[OpenRecording]:
    """Find a recording, and make any part of it readable while the block lasts.

    Parameters
    ----------
    video : str
        Path, http(s) address, or s3://BUCKET/KEY, with ?versionId=ID for a version.
    settings : Settings
    folder : Path, optional
        Where a copy may lie meanwhile, of what a server gives no parts of.
    fps : Fraction, optional
        Rate of a raw stream.
    on_copy : callable
        Called before anything is copied.

    Raises
    ------
    VideoError
        If nothing can be read from there, or it is larger than the settings allow.
    ObjectError, StoreUnreachable, TooLittleSpace, SettingsError
        As the store or server says.
    """
    rate = _given_rate(fps, settings)
    if is_url(video) or video.startswith(S3_SCHEME):
        with _open_remote(video, settings, folder, on_copy) as (source, name):
            identity = identify(source.location())
            yield OpenRecording(rated(IdentifiedSource(source, identity), rate), name, identity)
        return
    path = video.removeprefix(FILE_SCHEME) if video.startswith(FILE_SCHEME) else video
    path = unquote(path) if video.startswith(FILE_SCHEME) else path
    source = find_file(path)
    name = Path(path).name
    yield OpenRecording(rated(source, rate), name, identify(source.location()))


def find_file(video: str | os.PathLike[str]) -> FileSource:
    """Find a file on this machine.

    Raises
    ------
    UnsupportedVideo
        If it is no regular file: the message says what to do.
    VideoGone
        If it cannot be read.
    """
    text = os.fspath(video)
    if text == STANDARD_INPUT:
        raise UnsupportedVideo(f"- is not a file. It is standard input, and {SAVE.format('-')}")
    if scheme := ADDRESS.match(text):
        raise _refused_address(text, scheme[1].lower())
    try:
        found = file_facts(os.path.realpath(video))
    except ObjectNotFound as error:
        raise UnsupportedVideo(f"{video} is not a file. {_instead(text)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise VideoGone(f"{video} cannot be read: {reason}.") from error
    return FileSource(found.location, found.fingerprint)


def _refused_address(address: str, scheme: str) -> VideoError:
    if scheme in LIVE:
        shown = _without_login(address)
        return UnsupportedVideo(f"{scheme}:// is a live stream: {RECORD.format(shown)}")
    return UnsupportedVideo(
        f"{scheme}:// addresses are not read, only files, http(s):// and s3://: download the "
        "video first, and give the file."
    )


def _without_login(address: str) -> str:
    """Replace name and password in an address."""
    scheme, _, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    login, _, host = authority.rpartition("@")
    return f"{scheme}://{'NAME:PASSWORD@' if login else ''}{host}{slash}{path}"


def _instead(path: str) -> str:
    """Say what is at a path in place of a regular file, and what to do."""
    mode = Path(path).stat().st_mode
    if stat.S_ISDIR(mode):
        return f"It is a folder: name one video in it; {FOR_ALL.format(path)}"
    if path.startswith("/dev/video"):
        record = f"ffmpeg -f v4l2 -i {path} -t 3600 recording.mkv"
        return f"It is a camera: record a part of it first: {record}"
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    return f"It is {kind}, and {SAVE.format(path)}"


@contextmanager
def _open_remote(
    video: str, settings: Settings, folder: Path | None, on_copy: Callable[[], None]
) -> Iterator[tuple[VideoSource, str]]:
    objects, bucket, key, version = _place(video, settings)
    facts = objects.head(bucket, key, version)
    limit = settings.max_video_bytes
    if facts.size_bytes > limit:
        raise VideoError(
            f"The video has {facts.size_bytes:,} bytes, and the setting max_video_bytes allows "
            f"{limit:,}: raise that (PASSERBY_MAX_VIDEO_BYTES), or download the video first."
        )
    pinned = PinnedObject(objects, bucket, key, version, facts.fingerprint)
    with scratch_folder(folder) as scratch, readable(pinned, scratch / "copy", on_copy) as source:
        yield source, _file_name(video)


def _place(video: str, settings: Settings) -> tuple[Objects, str, str, str | None]:
    """Where to look a remote video up: objects, bucket, key and version."""
    if is_url(video):
        return WebAddresses(), "", video, None
    address, _, query = video.removeprefix(S3_SCHEME).partition("?versionId=")
    bucket, _, key = address.partition("/")
    if not bucket or not key:
        raise ObjectNotFound(f"{video} names no object: s3://BUCKET/KEY")
    return find_bucket(settings, bucket), bucket, key, query or None


def _file_name(video: str) -> str:
    """Name for what is at an address."""
    if is_url(video):
        place = urlsplit(video)
        name = unquote(place.path.rstrip("/").rpartition("/")[2]) or place.hostname or ""
    else:
        name = video.partition("?versionId=")[0].rpartition("/")[2]
    name = ODD.sub("_", name)
    return name if name.strip(". ") else "video"


def _given_rate(fps: Fraction | None, settings: Settings) -> GivenRate | None:
    if fps is not None:
        return GivenRate(fps)
    return raw_rate(settings)


def raw_rate(settings: Settings) -> GivenRate | None:
    """Rate of raw streams that tell none, as the settings say; None: they are refused."""
    if settings.raw_fps is None:
        return None
    return GivenRate(Fraction(repr(settings.raw_fps)), is_fallback=True)


def rated(source: VideoSource, rate: GivenRate | None) -> VideoSource:
    """Add a rate, if there is one, to a source."""
    return source if rate is None else RatedSource(source, rate)
