"""The description of a video, to and from its form in an answer."""

import numpy as np

from passerby.records import VideoInfo
from passerby.wire.messages import VideoMetadata


def video_metadata(video: VideoInfo) -> VideoMetadata:
    """Describe a video as the service does."""
    return VideoMetadata(
        codec=video.codec,
        duration_millis=video.duration_ms,
        format=video.container,
        frame_rate=float(np.float32(video.frame_rate)),
        frame_height=video.height,
        frame_width=video.width,
        color_range=video.color_range,
    )


def video_info(metadata: VideoMetadata) -> VideoInfo:
    """Read the description of a video in an answer."""
    return VideoInfo(
        codec=metadata.codec,
        container=metadata.format,
        frame_rate=metadata.frame_rate,
        width=metadata.frame_width,
        height=metadata.frame_height,
        duration_ms=metadata.duration_millis,
        color_range="FULL" if metadata.color_range == "FULL" else "LIMITED",
    )
