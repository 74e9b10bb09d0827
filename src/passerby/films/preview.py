"""A copy of a video that every browser plays, on the video's own clock.

What a browser calls `mediaTime` (`HTMLVideoElement.requestVideoFrameCallback`) is the time
of the frame shown, in seconds. What a browser makes of a file whose pictures begin later
than at 0 is up to the browser (Chromium keeps the gap). So in a preview, and in every
video that `playable` calls so, a picture is shown from 0 on, and the two clocks are one:

    timestamp_ms = Math.floor(metadata.mediaTime * 1000 + 0.002)

is the `timestamp_ms` of the frame that is shown. The last addend makes up for a time
rounded to microseconds.
"""

from pathlib import Path

from av.audio.stream import AudioStream
from av.stream import Disposition

from passerby.films.film import Encoding, write_film
from passerby.films.progress import ProgressCallback
from passerby.video.container import OpenVideo, first_bytes, open_video
from passerby.video.decode import DecodedFrame, Image, frames_of

# No B-frames: without them the first packet is at 0 in the file, too, and no list of edits
# has to be understood. A key frame a second at least, for whoever jumps about. Sound is
# made anew even if it is AAC: a browser stops where some of it is damaged.
PREVIEW = Encoding(
    options={"preset": "veryfast", "crf": "23", "profile": "main", "bf": "0", "g": "30"},
    copied_sound=frozenset(),
    widest=1280,
    shows_from_zero=True,
)

# FFmpeg's names of what browsers play, by kind of container.
PICTURES = {"mp4": {"h264", "vp9", "av1"}, "webm": {"vp8", "vp9", "av1"}}
SOUNDS = {"mp4": {"aac", "mp3", "opus", "flac"}, "webm": {"opus", "vorbis"}}
PIXEL_FORMATS = {"yuv420p", "yuvj420p"}  # 4:2:0 in 8 bits
H264_PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
SQUARE_PIXELS = {None, 0, 1}  # aspect ratios; not told counts as square
# FFmpeg's AV_FIELD_UNKNOWN and AV_FIELD_PROGRESSIVE; all others are interlaced.
NOT_INTERLACED = {0, 1}
# Largest picture, pixels: that of H.264's level 5.2, table A-1. Hardware ends there.
MAX_PIXELS = 36_864 * 16 * 16

QUICKTIME_BRAND = "qt  "
# The EBML element DocType, RFC 8794, section 11.2.6; it is among the first in the file.
DOC_TYPE_WEBM = b"\x42\x82\x84webm"
DOC_TYPE_WITHIN = 64  # bytes


def write_preview(source: str, target: Path, on_progress: ProgressCallback | None = None) -> None:
    """Write a copy of a video that every browser plays: MP4, H.264 and AAC, upright.

    It is at most 1280 pixels wide, and each frame is shown at its own time: see the head of
    this module. If the first is shown later than at 0, it is seen until then, too.
    Frames before 0 are left out.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    target : Path
        File to write; there is either all of it, or nothing.
    on_progress : callable, optional
        Receives the number of frames done, after each.

    Raises
    ------
    VideoError
        If the source cannot be read, or holds no frame.
    """
    write_film(source, target, _as_it_is, PREVIEW, on_progress)


def playable(source: str) -> bool:
    """Check whether browsers play a video as it is, on passerby's clock.

    Looked at are the container, the codecs, and the first frame. Damage further on is not
    found, nor a list of edits that cuts out parts.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.

    Returns
    -------
    bool
        False in case of doubt: then a preview does it.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    with open_video(source) as video:
        kind = _kind(source, video)
        if kind is None or not _plays_pictures(video, kind) or not _plays_sounds(video, kind):
            return False
        first = next(frames_of(video), None)
        return first is not None and first.pts == 0 and _is_only_turned(first)


def _as_it_is(_: DecodedFrame, image: Image) -> Image:
    return image


def _kind(source: str, video: OpenVideo) -> str | None:
    """Name the container, if browsers know it."""
    names = video.container.format.name.split(",")
    if "mp4" in names and video.container.metadata.get("major_brand") != QUICKTIME_BRAND:
        return "mp4"
    if "webm" in names and DOC_TYPE_WEBM in first_bytes(source, DOC_TYPE_WITHIN):
        return "webm"
    return None


def _plays_pictures(video: OpenVideo, kind: str) -> bool:
    codec = video.stream.codec_context
    name = codec.codec.canonical_name
    pictures = [
        stream
        for stream in video.container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    return (
        len(pictures) == 1
        and name in PICTURES[kind]
        and (name != "h264" or codec.profile in H264_PROFILES)
        and codec.pix_fmt in PIXEL_FORMATS
        and codec.field_order in NOT_INTERLACED
        and codec.width * codec.height <= MAX_PIXELS
        # Told by the container, the stream or both: players don't agree which to follow.
        and {video.stream.sample_aspect_ratio, codec.sample_aspect_ratio} <= SQUARE_PIXELS
    )


def _plays_sounds(video: OpenVideo, kind: str) -> bool:
    return all(_plays_sound(stream, kind) for stream in video.container.streams.audio)


def _plays_sound(stream: AudioStream, kind: str) -> bool:
    codec = stream.codec_context
    return codec is not None and codec.codec.canonical_name in SOUNDS[kind]


def _is_only_turned(frame: DecodedFrame) -> bool:
    """Check that a picture is at most turned, which browsers can, and not mirrored."""
    turn = frame.orientation
    return (turn.is_mirrored != turn.is_flipped) == turn.is_transposed
