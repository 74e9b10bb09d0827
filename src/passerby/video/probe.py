"""Read codec, size, rate, length and first frame of a video without analysing it."""

from passerby.errors import DamagedVideo
from passerby.records import VideoInfo
from passerby.video.container import MICROSECONDS, OpenVideo, open_video
from passerby.video.decode import DecodedFrame, frames_of
from passerby.video.raw_streams import count_frames

# Beyond it, to either side of 1, a shape of pixels is taken for a wrong entry: the most that
# is in use is 2.18, of anamorphic film on narrow tape.
OBLONGEST = 4.0

FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG; every other value is limited or unknown


def probe(source: str) -> VideoInfo:
    """Describe a video in the words of ffprobe.

    Parameters
    ----------
    source : str
        Path or http(s) URL.

    Returns
    -------
    VideoInfo
        Width and height are those of the upright frame. The duration is that of
        the stream, else of the container, else measured; it is the container's
        word, which a file cut short does not keep.

    Raises
    ------
    UnsupportedVideo
        If there is no video in it that a decoder knows.
    DamagedVideo
        If there is, but no frame of it can be decoded.
    VideoGone
        If the source cannot be reached or read.
    """
    with open_video(source) as video:
        stream = video.stream
        width, height = _first_frame(video).size
        return VideoInfo(
            codec=stream.codec_context.codec.canonical_name,
            container=video.container.format.long_name,
            frame_rate=float(video.frame_rate or stream.guessed_rate or 0),
            width=width,
            height=height,
            duration_ms=_raw_duration_ms(source) if video.raw_rate else duration_ms(video),
            color_range="FULL" if stream.codec_context.color_range == FULL_RANGE else "LIMITED",
        )


def tells_own_length(source: str) -> bool:
    """Whether the length is that of the pictures, and not perhaps of longer sound.

    Raises
    ------
    UnsupportedVideo, VideoGone
        As `open_video`.
    """
    with open_video(source) as video:
        told = video.stream.duration is not None
        return told or len(video.container.streams) == 1


def first_pts(source: str) -> int:
    """Return the PTS of the first frame that can be decoded, ticks of the stream's time base.

    Raises
    ------
    UnsupportedVideo, DamagedVideo, VideoGone
        As `probe`.
    """
    with open_video(source) as video:
        return _first_frame(video).pts


def pixel_aspect(source: str) -> float:
    """Width of a pixel of the upright frame for a height of 1; 1 where that is not told.

    Raises
    ------
    UnsupportedVideo, DamagedVideo, VideoGone
        As `probe`.
    """
    with open_video(source) as video:
        told = video.stream.sample_aspect_ratio
        if not told or not 1 / OBLONGEST <= told <= OBLONGEST:
            return 1.0
        turned = _first_frame(video).orientation.is_transposed
        return float(1 / told if turned else told)


def duration_ms(video: OpenVideo) -> int:
    """Return the length in whole milliseconds, rounded down; may move the container on."""
    if video.stream.duration and video.stream.duration > 0:
        return max((video.stream.duration * 1000 * video.time_base).__floor__(), 1)
    if video.container.duration and video.container.duration > 0:
        return max(video.container.duration * 1000 // MICROSECONDS, 1)
    packets = (packet for packet in video.container.demux(video.stream) if packet.pts is not None)
    ends = ((packet.pts or 0) + (packet.duration or 0) for packet in packets)
    end_pts = max(ends, default=video.start_pts)
    return max(((end_pts - video.start_pts) * 1000 * video.time_base).__floor__(), 1)


def _raw_duration_ms(source: str) -> int:
    """Measure the length of a raw stream, which is read to its end; milliseconds."""
    with open_video(source) as video:
        durations = (packet.duration or 0 for packet in video.container.demux(video.stream))
        frames = count_frames(sum(durations), video.stream)
        return (video.raw_pts(frames) * 1000 * video.time_base).__floor__()


def _first_frame(video: OpenVideo) -> DecodedFrame:
    for frame in frames_of(video):
        return frame
    raise DamagedVideo
